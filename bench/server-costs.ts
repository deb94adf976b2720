import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { devCertificateFiles } from '../src/adapters/files/dev-certificate.ts';
import { fakeWorld } from '../test/peers/agent-world.ts';
import { peakMegabytes } from './background.ts';
import type { Measurement } from './measurement.ts';
import { startedServer } from './our-server.ts';
import { statusBytes } from './process-costs.ts';

/** Half of what the chart requests for a replica; the rest is for requests. */
const restingMb = 200;

/** The built server that nobody asks anything, after its first refreshes: alone, and beside the Nodes of a cluster. */
export const serverCosts: readonly Measurement[] = [undefined, 50, 2_000].map((nodes) => ({
  name: nodes === undefined ? 'server, idle' : `server, idle, ${nodes} Nodes watched`,
  slow: true,
  async rows({ directory }) {
    const own = `${directory}/idle`;
    mkdirSync(own, { recursive: true });
    const certificate = await devCertificateFiles(`${own}/certificate`, new Date());
    const world = nodes === undefined ? undefined : await fakeWorld();
    for (let index = 0; index < (nodes ?? 0); index += 1)
      await world?.addNode(`ip-10-0-${index}`, { instanceId: `i-${index.toString(16).padStart(17, '0')}` });
    const cluster = world === undefined ? [] : ['--prod', '--kubeconfig', world.kubeconfig];
    const server = await startedServer(certificate, own, ['--market', 'static', ...cluster]);
    try {
      await sleep(12_000);
      const name = nodes === undefined ? 'server, idle' : `server, idle, ${nodes} Nodes watched`;
      const resident = statusBytes(server.pid ?? 0, 'VmRSS') / 1e6;
      const peak = peakMegabytes(server.pid ?? 0);
      return [
        {
          name: `${name}: resident memory`,
          ours: resident,
          peer: undefined,
          unit: 'MB',
          target: { words: `at most ${restingMb} MB`, met: resident <= restingMb },
        },
        { name: `${name}: peak memory`, ours: peak ?? 0, peer: undefined, unit: 'MB', target: undefined },
      ];
    } finally {
      await server.stop();
      await world?.close();
    }
  },
}));
