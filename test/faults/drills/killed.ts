import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.ts';
import { terminationMark } from '../marked-node.ts';
import { answersRestOn, logged, measured } from '../signs.ts';

export const serverKilled: Drill = {
  name: 'server-killed',
  title: 'server killed with -9 and started again',
  load: 'light',
  async run(stage) {
    const { kube } = stage.world;
    const isHot = measured('spot_hot_pools of 1', (now) => now.sum('spot_hot_pools') === 1);
    kube.update('Node', '', 'first', (node) => {
      Object.assign(node['metadata'] as object, { annotations: terminationMark('i-0000000000000000a') });
    });
    await stage.seenAfter(() => undefined, [isHot], 20_000, 'a node was given notice');
    const rounds = stage.full ? 5 : 2;
    for (let round = 1; round <= rounds; round += 1) {
      let backOffMs = 0;
      await stage.play({
        what: `server killed with -9 and started 2 s later (${round} of ${rounds})`,
        step: 'no answer while it is away, then model',
        begin: async () => {
          backOffMs = await stage.restart(() => sleep(2_000));
        },
        signs: [logged('info', /listening for gRPC/)],
        noticedWithinMs: 30_000,
        end: () => undefined,
        recovery: [isHot, answersRestOn('model')],
        recoveredWithinMs: 30_000,
      });
      // From the new server's first line that it listens: what is left is the client's own back-off.
      const played = stage.faults.pop();
      if (played !== undefined)
        stage.faults.push({ ...played, noticedMs: undefined, recoveredMs: backOffMs });
    }
  },
};
