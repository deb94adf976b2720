import { utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.ts';
import { replaced } from '../certificates.ts';
import { inspectedHeap } from '../heap.ts';
import { terminationMark } from '../marked-node.ts';
import { residentMb } from '../server-process.ts';
import { answersRestOn } from '../signs.ts';
import { staticDataOf } from '../world.ts';

interface Sample {
  readonly atMs: number;
  readonly heapMb: number;
  readonly residentMb: number;
}

/** Least squares, MB a minute. */
function slopePerMinute(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const minutes = samples.map(({ atMs }) => atMs / 60_000);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const [meanX, meanY] = [mean(minutes), mean(samples.map(value))];
  const covariance = samples.reduce(
    (sum, one, index) => sum + ((minutes[index] ?? 0) - meanX) * (value(one) - meanY),
    0,
  );
  return covariance / minutes.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
}

/**
 * Bounds on growth. Ten minutes: 0.2 MB of heap and 1.5 MB of resident memory a minute, which a leak of 300 bytes a call
 * passes. The short form has no time to tell a slope from noise and bounds what may be gained in all.
 */
const fullBounds = { heapMbPerMinute: 0.2, residentMbPerMinute: 1.5 };
const shortBounds = { heapMb: 4, residentMb: 24 };

export const soak: Drill = {
  name: 'soak',
  title: 'soak: memory under steady work',
  load: 'heavy',
  bounds: { callsPerSecond: 25 },
  shape: () => ({
    moreSettings: (world) => ({
      record: world.recordDir,
      'record-max-size': '2Mi',
      'max-connection-age': '20s',
    }),
  }),
  async run(stage) {
    const { world } = stage;
    const heap = await inspectedHeap(world.inspectorPort);
    const lastsMs = stage.full ? 10 * 60_000 : 45_000;
    const everyMs = stage.full ? 20_000 : 5_000;
    await sleep(stage.full ? 60_000 : 5_000);
    const samples: Sample[] = [];
    let node = 0;
    /** What happens in a cluster beside scale-ups. */
    const lifeGoesOn = (): void => {
      node += 1;
      const instanceId = `i-${node.toString(16).padStart(17, '0')}`;
      const annotations = node % 10 === 0 ? terminationMark(instanceId) : {};
      world.kube.addNode(`soak-${node}`, {
        zone: 'ap-south-1b',
        type: 'm5.large',
        instanceId,
        metadata: { annotations },
      });
      if (node > 20) world.kube.remove('Node', '', `soak-${node - 20}`);
      const now = new Date();
      utimesSync(world.modelFile, now, now);
      if (node % 5 === 0) replaced(world.staticFile, staticDataOf(Date.now()));
      const api = `http://127.0.0.1:${world.httpPort}/api/v1`;
      const body = JSON.stringify({ instance_type: 'c5.large', availability_zone: 'ap-south-1a' });
      const headers = { 'content-type': 'application/json' };
      fetch(`${api}/evaluate`, { method: 'POST', headers, body }).then(
        (response) => {
          if (!response.ok) stage.problems.push(`evaluate over HTTP answered ${response.status}`);
          return response.text();
        },
        (error: unknown) => void stage.problems.push(`evaluate over HTTP failed: ${String(error)}`),
      );
    };
    const timer = setInterval(lifeGoesOn, 1_000);
    await stage.play({
      what: stage.full ? '10 minutes of 25 calls a second' : 'soak, shortened to 45 s of 25 calls a second',
      step: 'model',
      isUnfelt: true,
      begin: async () => {
        const startedMs = performance.now();
        for (let next = startedMs; performance.now() - startedMs <= lastsMs; next += everyMs) {
          await sleep(Math.max(0, next - performance.now()));
          const used = await heap.usedAfterCollection();
          samples.push({
            atMs: performance.now() - startedMs,
            heapMb: used / 1e6,
            residentMb: residentMb(stage.server.pid).now,
          });
        }
      },
      signs: [answersRestOn('model')],
      noticedWithinMs: 30_000,
      end: () => clearInterval(timer),
      recovery: [answersRestOn('model')],
      recoveredWithinMs: 30_000,
    });
    clearInterval(timer);
    heap.close();
    judged(samples, stage.full, stage.problems, stage.remarks);
  },
};

function judged(samples: readonly Sample[], full: boolean, problems: string[], remarks: string[]): void {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < 5) {
    problems.push(`only ${samples.length} samples of memory were taken`);
    return;
  }
  const heapSlope = slopePerMinute(samples, ({ heapMb }) => heapMb);
  const residentSlope = slopePerMinute(samples, (one) => one.residentMb);
  const ends = `heap after a forced collection ${first.heapMb.toFixed(1)} → ${last.heapMb.toFixed(1)} MB, resident ${first.residentMb.toFixed(0)} → ${last.residentMb.toFixed(0)} MB`;
  if (full) {
    remarks.push(
      `${samples.length} samples after the warm-up: ${ends}; slopes ${heapSlope.toFixed(3)} and ${residentSlope.toFixed(2)} MB a minute (at most ${fullBounds.heapMbPerMinute} and ${fullBounds.residentMbPerMinute})`,
    );
    if (heapSlope > fullBounds.heapMbPerMinute)
      problems.push(`the heap grows by ${heapSlope.toFixed(2)} MB a minute`);
    if (residentSlope > fullBounds.residentMbPerMinute)
      problems.push(`resident memory grows by ${residentSlope.toFixed(2)} MB a minute`);
    return;
  }
  remarks.push(
    `${samples.length} samples after the warm-up: ${ends} (at most ${shortBounds.heapMb} and ${shortBounds.residentMb} more)`,
  );
  if (last.heapMb - first.heapMb > shortBounds.heapMb) problems.push('the heap has grown');
  if (last.residentMb - first.residentMb > shortBounds.residentMb) problems.push('resident memory has grown');
}
