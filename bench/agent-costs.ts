import { setTimeout as sleep } from 'node:timers/promises';
import { agentProcess } from '../test/peers/agent-process.ts';
import { fakePodWorld } from '../test/peers/agent-world.ts';
import { fakeImds } from '../test/peers/fake-imds.ts';
import type { Measurement } from './measurement.ts';
import { cpuMs, ownBytes, statusBytes } from './process-costs.ts';

/** The built agent while nothing stands, as it is nearly always. */
export const agentCosts: readonly Measurement[] = [
  {
    name: 'agent, idle',
    slow: true,
    async rows() {
      const [world, imds] = [await fakePodWorld(), await fakeImds()];
      await world.addNode('idle', { instanceId: imds.instanceId });
      const { flags, environment } = world.inPod;
      const place = ['--node-name', 'idle', '--imds-endpoint', imds.url];
      const one = await agentProcess([...place, ...flags], environment);
      try {
        await sleep(6_000);
        const [fromMs, before] = [Date.now(), cpuMs(one.pid)];
        await sleep(30_000);
        const memory = statusBytes(one.pid, 'VmRSS') / 1e6;
        const own = ownBytes(one.pid);
        const cpu = ((cpuMs(one.pid) - before) / (Date.now() - fromMs)) * 100;
        return [
          {
            name: 'agent, idle: resident memory',
            ours: memory,
            peer: undefined,
            unit: 'MB',
            target: { words: 'at most 80 MB', met: memory <= 80 },
          },
          {
            name: 'agent, idle: private memory',
            ours: own.private / 1e6,
            peer: undefined,
            unit: 'MB',
            target: { words: 'at most 16 MB', met: own.private <= 16e6 },
          },
          {
            name: 'agent, idle: proportional memory (PSS)',
            ours: own.proportional / 1e6,
            peer: undefined,
            unit: 'MB',
            target: undefined,
          },
          {
            name: 'agent, idle: CPU over 30 s',
            ours: cpu,
            peer: undefined,
            unit: '% of a core',
            target: { words: 'at most 0.5 %', met: cpu <= 0.5 },
          },
        ];
      } finally {
        await one.stop();
        await imds.close();
        await world.close();
      }
    },
  },
];
