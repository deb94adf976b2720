/** Loaded into every mocha process by .mocharc.json: a run leaves nothing behind, and no rejection goes unheard. */
import { setTimeout as sleep } from 'node:timers/promises';
import { leftIn, ownTemporaryFolder } from './temporary-folder.ts';

const folder = ownTemporaryFolder();

interface Unheard {
  readonly reason: unknown;
  readonly during: string;
}

const unheard = new Map<Promise<unknown>, Unheard>();
let running = 'loading';
process.on('unhandledRejection', (reason, promise) => unheard.set(promise, { reason, during: running }));
// Whoever hears it late has heard it.
process.on('rejectionHandled', (promise) => unheard.delete(promise));

export const mochaHooks = {
  beforeEach(this: Mocha.Context) {
    running = this.currentTest?.fullTitle() ?? running;
  },

  async afterAll() {
    // What the last test has started may still be rejected.
    await sleep(50);
    folder.remove();
    await sleep(50);
    const rejections = [...unheard.values()];
    if (rejections.length > 0)
      throw new AggregateError(
        rejections.map(({ reason }) => reason),
        rejections
          .map(({ reason, during }) => `rejected and not heard: ${String(reason)} (during: ${during})`)
          .join('\n'),
      );
    const left = leftIn(folder.path);
    if (left !== undefined) throw new Error(`something still writes into ${folder.path}: ${left}`);
  },
};
