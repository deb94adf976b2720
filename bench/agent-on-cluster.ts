import { setTimeout as sleep } from 'node:timers/promises';
import { missingForCluster } from '../scripts/cluster/binaries.ts';
import { agentFleet } from '../test/peers/agent-fleet.ts';
import { clusterWorld, type World } from '../test/peers/agent-world.ts';
import { interruption } from '../test/peers/fake-imds.ts';
import { until } from '../test/peers/until.ts';
import type { Measurement } from './measurement.ts';
import { quantile } from './quantile.ts';
import type { Row } from './row.ts';

const notices = 500;
const noticeAgents = 10;
const stormAgents = 200;

/** On a control plane of its own; nothing where there is none. */
function onCluster(name: string, rows: (world: World) => Promise<readonly Row[]>): Measurement {
  return {
    name,
    slow: true,
    async rows() {
      const missing = await missingForCluster();
      if (missing.length > 0) {
        process.stderr.write(`${name}: skipped, no control plane here; missing are ${missing.join('; ')}\n`);
        return [];
      }
      const world = await clusterWorld();
      try {
        return await rows(world);
      } finally {
        await world.close();
      }
    },
  };
}

/** From the moment that the metadata service shows a notice to the API server's answer that the Node is marked. */
async function noticesInARow(world: World): Promise<readonly Row[]> {
  const pollMs = 100;
  // Long enough that no recommendation is over before it could be marked.
  const fleet = await agentFleet(world, noticeAgents, { name: 'row', pollMs, rebalanceTtlMs: 1_000 });
  const took: number[] = [];
  await sleep(1_000);
  await Promise.all(
    fleet.agents.map(async ({ imds, marksAtMs, nodeWrites }) => {
      for (let index = 0; index < notices / noticeAgents; index += 1) {
        const [marks, writes] = [marksAtMs.length, nodeWrites()];
        // Another time is another recommendation, when the last one is over and no longer shown.
        const noticeTime = new Date(Date.now() - 3_600_000 + index * 1_000).toISOString();
        const shownMs = Date.now();
        imds.rebalance = () => ({ noticeTime });
        await until('a mark', () => marksAtMs.length > marks, 30_000);
        took.push((marksAtMs.at(-1) ?? Infinity) - shownMs);
        imds.rebalance = undefined;
        await until('the mark to be taken back', () => nodeWrites() >= writes + 2, 30_000);
        // Two more reads: the agent has seen that nothing is shown any more.
        const reads = () => imds.requests.filter(({ path }) => path.endsWith('/rebalance')).length;
        const from = reads();
        await until('it to be read that nothing is shown', () => reads() >= from + 2, 10_000);
        imds.requests.length = 0;
        await sleep((index % 7) * 13);
      }
    }),
  );
  await fleet.stop();
  return [50, 99].map((percent) => ({
    name: `agent, notice → marked on the simulated cluster, poll of ${pollMs} ms, ${took.length} notices: p${percent}`,
    ours: quantile(took, percent / 100),
    peer: undefined,
    unit: 'ms',
    target:
      percent === 99 ? { words: 'poll + 100 ms', met: quantile(took, 0.99) <= pollMs + 100 } : undefined,
  }));
}

async function storm(world: World): Promise<readonly Row[]> {
  const fleet = await agentFleet(world, stormAgents);
  await sleep(4_000);
  const before = fleet.agents.reduce((sum, one) => sum + one.apiWrites(), 0);
  const shownMs = Date.now();
  for (const { imds } of fleet.agents) imds.spot = interruption();
  await until('all to be marked', () => fleet.agents.every((one) => one.markedAtMs() > 0), 60_000);
  const last = Math.max(...fleet.agents.map((one) => one.markedAtMs()));
  await sleep(5_000);
  const writes = fleet.agents.reduce((sum, one) => sum + one.apiWrites(), 0) - before;
  await fleet.stop();
  const name = `agent, storm of ${stormAgents} on the simulated cluster`;
  const seconds = (last - shownMs) / 1_000;
  return [
    {
      name: `${name}: to the last mark, poll of 2 s`,
      ours: seconds,
      peer: undefined,
      unit: 's',
      target: { words: 'at most 5 s', met: seconds <= 5 },
    },
    {
      name: `${name}: API writes, all`,
      ours: writes,
      peer: undefined,
      unit: 'writes',
      target: { words: `at most 5 an agent`, met: writes <= 5 * stormAgents },
    },
  ];
}

export const agentOnCluster: readonly Measurement[] = [
  onCluster('agent, notice → marked on the simulated cluster', noticesInARow),
  onCluster('agent, storm of 200 on the simulated cluster', storm),
];
