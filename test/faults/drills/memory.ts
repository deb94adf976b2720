import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.ts';
import { sentLargeRequests } from '../large-requests.ts';
import { memoryLimit, type MemoryLimit } from '../memory-limit.ts';
import { residentMb } from '../server-process.ts';
import { answersRestOn, counted } from '../signs.ts';

const messageBound = 512 * 1024 * 1024;
/** What the chart gives the container: 2.3 × the message bound + 150 MB. */
const limitBytes = Math.round(2.3 * messageBound + 150e6);
/** The buffer that was kept for the next large request is let go after a minute without one. */
const letGoMs = 65_000;

let limit: MemoryLimit | undefined;

export const memoryPressure: Drill = {
  name: 'memory-pressure',
  title: 'requests of 300 MB in parallel',
  load: 'heavy',
  shape: () => ({
    settings: { 'max-message-size': '512Mi' },
    prepare: () => {
      limit = memoryLimit(limitBytes);
    },
    through: () => limit?.through ?? [],
    cleanUp: () => limit?.close(),
  }),
  async run(stage) {
    const { port, root } = stage.world;
    const rounds = stage.full ? 10 : 2;
    await stage.play({
      what: `4 clients send 300 MB at once, ${rounds} times`,
      step: 'model',
      isUnfelt: true,
      begin: async () => {
        const { bytes, outcomes } = await sentLargeRequests({
          port,
          rootPem: root.cert,
          bytes: 300e6,
          parallel: 4,
          rounds,
        });
        stage.remarks.push(
          `${4 * rounds} requests of ${(bytes / 1e6).toFixed(0)} MB: ${Object.entries(outcomes)
            .map(([what, times]) => `${times} × ${what}`)
            .join(', ')}`,
        );
        stage.mustBe((outcomes['answered'] ?? 0) > 0, 'no large request was answered');
        for (const what of Object.keys(outcomes))
          stage.mustBe(
            what === 'answered' || /^8 .*too many large requests at once/.test(what),
            `a large request ended with: ${what}`,
          );
      },
      signs: [counted('spot_grpc_calls_total', { code: 'OK' }), answersRestOn('model')],
      noticedWithinMs: 30_000,
      end: () => sleep(letGoMs),
      recovery: [answersRestOn('model')],
      recoveredWithinMs: 30_000,
    });
    const { peak } = residentMb(stage.server.pid);
    const allowed = limitBytes / 1e6;
    if (limit === undefined) {
      stage.remarks.push(
        `control groups cannot be written here: the most resident memory was ${peak.toFixed(0)} MB of the ${allowed.toFixed(0)} MB that the chart allows`,
      );
      stage.mustBe(
        peak <= allowed,
        `resident memory reached ${peak.toFixed(0)} MB; the chart allows ${allowed.toFixed(0)} MB`,
      );
    } else {
      const { peakMb, killed } = limit.charged();
      stage.remarks.push(
        `in a control group of ${limit.limitMb.toFixed(0)} MB (2.3 × the message bound + 150 MB): at most ${peakMb.toFixed(0)} MB charged, ${peak.toFixed(0)} MB resident, the kernel killed ${killed} times`,
      );
      stage.mustBe(killed === 0, 'the kernel killed for want of memory');
    }
  },
};
