import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { costlyRequests as requests } from '../../../scripts/costly-requests.ts';
import { signalAnnotation } from '../../../src/drain/marks.ts';
import { tinyOnnx } from '../../contract/onnx/tiny-onnx.ts';
import { replaced } from '../certificates.ts';
import type { Drill } from '../drill.ts';
import { freshCall } from '../fresh-client.ts';
import { terminationMark } from '../marked-node.ts';
import { residentMb } from '../server-process.ts';
import { answersRestOn, counted, logged, measured } from '../signs.ts';

const within = { noticedWithinMs: 60_000, recoveredWithinMs: 30_000 };
const restedOnModel = [answersRestOn('model')];

/** What a busy machine adds to the 200 ms that the costliest request may take of the one thread. */
const slowestBesideMs = 2_000;

export const costlyRequests: Drill = {
  name: 'costly-requests',
  title: 'requests that ask for millions of comparisons',
  load: 'heavy',
  bounds: { callsPerSecond: 25, grownMb: 96 },
  async run(stage) {
    const { port, root } = stage.world;
    const scale = stage.full ? 1 : 0.1;
    for (const { name, bytes } of requests) {
      const message = bytes(scale);
      await stage.traffic.mark();
      await stage.play({
        ...within,
        what: `${name}${stage.full ? '' : ', a tenth of it'}`,
        step: 'model',
        isUnfelt: true,
        begin: async () => {
          const startedMs = performance.now();
          const outcome = await freshCall(port, root.cert, message, 20_000);
          const tookMs = performance.now() - startedMs;
          const { slowestMs } = (await stage.traffic.report()).sinceMark;
          stage.remarks.push(
            `${name}, ${(message.length / 1e6).toFixed(1)} MB: ${outcome} after ${tookMs.toFixed(0)} ms with TLS and building it, the slowest other call ${slowestMs.toFixed(0)} ms`,
          );
          stage.mustBe(outcome === 'answered', `${name}: ${outcome}`);
          stage.mustBe(
            slowestMs <= slowestBesideMs,
            `${name}: another call took ${Math.round(slowestMs)} ms; ${slowestBesideMs} are allowed`,
          );
        },
        signs: restedOnModel,
        end: () => undefined,
        recovery: restedOnModel,
      });
    }
  },
};

const burdens = [
  { what: 'a model that asks for 2 GB', burden: { floats: 2 ** 29, times: 2 }, said: /more than 512 MiB/ },
  {
    what: 'a model that asks for minutes',
    burden: { floats: 2 ** 22, times: 4_000 },
    said: /more than 3 s/,
  },
] as const;

export const costlyModel: Drill = {
  name: 'costly-model',
  title: 'model files whose graphs ask for gigabytes or minutes',
  load: 'heavy',
  async run(stage) {
    const { modelFile, cardFile } = stage.world;
    const [onnx, cardText] = [readFileSync(modelFile), readFileSync(cardFile, 'utf8')];
    const card = JSON.parse(cardText) as { readonly features: readonly string[] };
    for (const { what, burden, said } of burdens) {
      const heavy = tinyOnnx({ weights: card.features.map(() => 0), burden });
      const before = residentMb(stage.server.pid).peak;
      await stage.play({
        what,
        step: 'model, the last good one',
        noticedWithinMs: 120_000,
        recoveredWithinMs: 60_000,
        begin: () => {
          const sha256 = createHash('sha256').update(heavy).digest('hex');
          replaced(modelFile, heavy);
          writeFileSync(cardFile, JSON.stringify({ ...card, sha256 }));
        },
        signs: [
          counted('spot_refreshes_total', { source: 'model', result: 'refused' }),
          logged('warn', said),
          answersRestOn('model'),
        ],
        end: () => {
          replaced(modelFile, onnx);
          replaced(cardFile, cardText);
        },
        recovery: [
          counted('spot_refreshes_total', { source: 'model', result: 'recovered' }),
          answersRestOn('model'),
        ],
      });
      const { peak } = residentMb(stage.server.pid);
      stage.remarks.push(
        `${what}: the server had at most ${before.toFixed(0)} MB before, ${peak.toFixed(0)} after`,
      );
      stage.mustBe(peak - before < 100, `the server itself grew by ${(peak - before).toFixed(0)} MB`);
    }
  },
};

const notices = 'spot_fleet_notices_total';

export const forgedMarks: Drill = {
  name: 'forged-marks',
  title: 'marks on nodes that nobody was given notice for',
  load: 'light',
  async run(stage) {
    const { kube } = stage.world;
    const instanceId = 'i-0000000000000f0a5';
    const name = `forger-${Date.now()}`;
    kube.addNode(name, { zone: 'ap-south-1c', type: 'r5.large', instanceId });
    const marked = (change: (mark: Record<string, unknown>) => Record<string, unknown>): void => {
      const [text = '{}'] = Object.values(terminationMark(instanceId));
      const mark = change(JSON.parse(text) as Record<string, unknown>);
      kube.update('Node', '', name, (node) => {
        Object.assign(node['metadata'] as object, {
          annotations: { [signalAnnotation]: JSON.stringify(mark) },
        });
      });
    };
    const before = (await stage.server.metrics()).sum(notices);
    const times = stage.full ? 2_001 : 301;
    await stage.play({
      ...within,
      what: `${times} notices of one node, with ids of 250 KB, of other instances, of the next century and of long ago`,
      step: 'model',
      begin: async () => {
        marked((mark) => ({ ...mark, id: 'x'.repeat(200_000) }));
        marked((mark) => ({ ...mark, instance: 'i-00000000000000bad' }));
        for (let time = 0; time < times; time += 1) {
          const seen = ['2099-01-01T00:00:00Z', '1971-01-01T00:00:00Z', nowText()][time % 3];
          marked((mark) => ({ ...mark, id: `forged-${time}`, seen }));
          if (time % 50 === 0) await sleep(20);
        }
      },
      signs: [
        logged('warn', /is not believed/),
        counted(notices),
        measured('one notice of one node', (now) => now.sum(notices) === before + 1),
        answersRestOn('model'),
      ],
      end: () => {
        kube.addNode(`${name}-real`, {
          zone: 'ap-south-1b',
          type: 'r5.xlarge',
          instanceId: 'i-0000000000000f0a6',
          metadata: { annotations: terminationMark('i-0000000000000f0a6') },
        });
      },
      recovery: [logged('info', /r5\.xlarge@ap-south-1b is hot: TERMINATION/), answersRestOn('model')],
    });
    const counts = (await stage.server.metrics()).sum(notices) - before;
    stage.remarks.push(
      `${times + 2} forged marks on one node and a real one elsewhere: ${counts} notices counted`,
    );
    kube.remove('Node', '', name);
    kube.remove('Node', '', `${name}-real`);
  },
};

function nowText(): string {
  return new Date().toISOString();
}
