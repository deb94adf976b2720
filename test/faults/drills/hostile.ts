import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { concatenated } from '../../../scripts/wire-bytes.ts';
import { realRequests } from '../../../scripts/wire-mutations.ts';
import type { Drill } from '../drill.ts';
import { freshCall } from '../fresh-client.ts';
import { sentHostileMessages } from '../hostile-messages.ts';
import { answersRestOn, measured } from '../signs.ts';
import {
  giantHeaders,
  halfOpenTls,
  rapidReset,
  rawBytes,
  slowLoris,
  stuckMessages,
  type Target,
} from '../transport-garbage.ts';

export const hostileMessages: Drill = {
  name: 'hostile-messages',
  title: 'hostile BestOptions messages',
  load: 'heavy',
  // Memory settles in the first tens of thousands of messages; a million (--full) have the same bound. Messages of strangers wait
  // for their turn, so that 48 of them and what they are read into are alive together: about 90 MB.
  bounds: { grownMb: 128 },
  async run(stage) {
    const count = stage.full ? 1_000_000 : 50_000;
    const { port, root } = stage.world;
    await stage.play({
      what: `${count.toLocaleString('en-US')} mutated messages, 48 at a time`,
      step: 'model',
      isUnfelt: true,
      begin: async () => {
        const startedMs = performance.now();
        const report = await sentHostileMessages(
          { port, rootPem: root.cert, count, seed: 20_260_101 },
          (sent) => console.log(`      ${sent.toLocaleString('en-US')} hostile messages sent`),
        );
        stage.remarks.push(
          `${report.sent.toLocaleString('en-US')} messages in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s: ${report.answered.toLocaleString('en-US')} answered legally, ${report.refused.toLocaleString('en-US')} refused as no message, the slowest after ${report.slowestMs.toFixed(0)} ms`,
        );
        stage.mustBe(report.sent === count, `only ${report.sent} messages were sent`);
        stage.problems.push(...report.faults);
      },
      signs: [answersRestOn('model')],
      noticedWithinMs: 30_000,
      end: () => undefined,
      recovery: [answersRestOn('model')],
      recoveredWithinMs: 30_000,
    });
    const malformed = (await stage.server.metrics()).sum('spot_malformed_requests_total');
    stage.mustBe(malformed > 0, 'spot_malformed_requests_total counted nothing');
    const told = stage.server.lines.filter(({ text }) => text.includes('is no message')).length;
    stage.mustBe(
      told > 0 && told < 200,
      `the log tells ${told} times of messages that are none; a few lines are enough`,
    );
  },
};

export const transportGarbage: Drill = {
  name: 'transport-garbage',
  title: 'garbage on the wire',
  load: 'heavy',
  // Thousands of handshakes leave holes in the native heap; four times as many (--full) leave no more.
  bounds: { grownMb: 64 },
  async run(stage) {
    const { port, httpPort, root } = stage.world;
    const target: Target = { port, httpPort, rootPem: root.cert };
    const times = stage.full ? 4 : 1;
    const openFiles = (): number => readdirSync(`/proc/${stage.server.pid}/fd`).length;
    const before = openFiles();
    const sent = async (what: string, send: () => Promise<void>): Promise<void> =>
      stage.play({
        what,
        step: 'model',
        isUnfelt: true,
        begin: send,
        signs: [answersRestOn('model')],
        noticedWithinMs: 30_000,
        end: () => undefined,
        recovery: [answersRestOn('model')],
        recoveredWithinMs: 30_000,
      });
    const held = async (
      what: string,
      begin: () => Promise<{ readonly close: () => void }> | { readonly close: () => void },
    ): Promise<void> => {
      let open: { readonly close: () => void } | undefined;
      await stage.play({
        what,
        step: 'model',
        isUnfelt: true,
        begin: async () => {
          open = await begin();
          await sleep(3_000 * times);
        },
        signs: [answersRestOn('model')],
        noticedWithinMs: 30_000,
        end: () => open?.close(),
        recovery: [answersRestOn('model')],
        recoveredWithinMs: 30_000,
      });
    };
    await sent(`${1_000 * times} connections of raw bytes`, () => rawBytes(target, 1_000 * times));
    await held('300 half-open TLS handshakes', () => halfOpenTls(target, 300));
    await held('100 + 100 slow senders', () => slowLoris(target, 100));
    await sent(`${5_000 * times} streams opened and reset`, () => rapidReset(target, 5_000 * times));
    await sent(`${20 * times} requests with giant headers`, () => giantHeaders(target, 20 * times));
    await held('4 messages of 200 MB that never come', async () => {
      const stuck = stuckMessages(target, 4);
      await sleep(500);
      // A scale-up of 2 MB, which needs a buffer of its own, is answered beside them.
      const large = concatenated(Array.from({ length: 12 }, () => realRequests[2] ?? new Uint8Array()));
      const outcome = await freshCall(port, root.cert, large);
      stage.mustBe(
        outcome === 'answered',
        `a request of ${large.length} bytes beside stuck ones got: ${outcome}`,
      );
      return stuck;
    });
    await stage.seenAfter(
      () => undefined,
      [measured('one open gRPC connection', (now) => now.sum('spot_grpc_connections') === 1)],
      30_000,
      'the garbage ended',
    );
    const after = openFiles();
    stage.mustBe(after <= before + 10, `open files grew from ${before} to ${after}`);
    stage.remarks.push(`open files before and after: ${before}, ${after}`);
  },
};
