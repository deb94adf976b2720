/**
 * What the agent costs and how fast it is, on this machine:
 *
 *   node bench/agent-limits.ts [--cluster] [--json FILE]
 *
 * Memory and CPU of the built agent while idle, API requests while idle, the drain of 110 pods, notices in a row, and
 * 200 agents that get their notice at once (in one process; each has its own metadata service and its own connections).
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { agentFleet } from '../test/peers/agent-fleet.ts';
import { agentProcess, agentProcessOn, type AgentProcess } from '../test/peers/agent-process.ts';
import { clusterWorld, fakePodWorld, type AgentInPod, type World } from '../test/peers/agent-world.ts';
import { fakeImds, interruption } from '../test/peers/fake-imds.ts';
import { until } from '../test/peers/until.ts';
import { cpuMs, ownBytes, statusBytes } from './process-costs.ts';

type BenchWorld = World & { readonly inPod?: AgentInPod };

interface Row {
  readonly name: string;
  readonly ours: number;
  readonly limit: number;
  readonly unit: string;
}

const { values } = parseArgs({ options: { cluster: { type: 'boolean' }, json: { type: 'string' } } });
const rows: Row[] = [];

function row(name: string, ours: number, limit: number, unit: string): void {
  rows.push({ name, ours: Math.round(ours * 100) / 100, limit, unit });
  console.log(`${name.padEnd(52)} ${ours.toFixed(2).padStart(9)} ${unit.padEnd(10)} limit ${limit}`);
}

interface AgentPlace {
  readonly node: string;
  readonly imds: { readonly url: string };
}

/** As in a pod where the world is fake; a real control plane is reached by its kubeconfig, which costs the agent a parser. */
function startedAgent(
  world: BenchWorld,
  { node, imds }: AgentPlace,
  flags: readonly string[] = [],
): Promise<AgentProcess> {
  if (world.inPod === undefined) return agentProcessOn({ node, imds, world }, flags);
  const place = ['--node-name', node, '--imds-endpoint', imds.url];
  return agentProcess([...place, ...world.inPod.flags, ...flags], world.inPod.environment);
}

async function idleAndDrain(world: BenchWorld): Promise<void> {
  const imds = await fakeImds();
  imds.instanceId = 'i-000000000000bench';
  await world.addNode('bench', { instanceId: imds.instanceId });
  await Promise.all(Array.from({ length: 110 }, (_, index) => world.addPod(`bench-${index}`, 'bench', {})));
  const one = await startedAgent(world, { node: 'bench', imds });
  await sleep(6_000);
  const requests = () => world.fake?.requests.length ?? 0;
  const before = { atMs: Date.now(), cpu: cpuMs(one.pid), requests: requests() };
  await sleep(30_000);
  const elapsedMs = Date.now() - before.atMs;
  row('idle: resident memory', statusBytes(one.pid, 'VmRSS') / 1e6, 80, 'MB');
  row('idle: private memory', ownBytes(one.pid).private / 1e6, 16, 'MB');
  row('idle: proportional memory (PSS)', ownBytes(one.pid).proportional / 1e6, 80, 'MB');
  row('idle: CPU', ((cpuMs(one.pid) - before.cpu) / elapsedMs) * 100, 0.5, '% of core');
  if (world.fake !== undefined)
    row('idle: API requests', ((requests() - before.requests) / elapsedMs) * 60_000, 1, 'a minute');
  imds.spot = interruption();
  await until(
    'all to be asked',
    async () => (await one.metric('spot_agent_evictions_total', 'result="evicted"')) >= 110,
    30_000,
  );
  const lines = one.log.map((line) => JSON.parse(line) as { time: string; msg: string; how?: string });
  const begun = Date.parse(lines.find((line) => line.msg.includes('notice has begun'))!.time);
  const last = Math.max(...lines.filter((line) => line.how === 'evict').map((line) => Date.parse(line.time)));
  row('drain of 110 pods: notice read to last eviction asked', (last - begun) / 1_000, 2, 's');
  await until(
    'the node to be empty',
    async () => (await one.metric('spot_agent_notice_to_empty_seconds_count')) === 1,
    60_000,
  );
  row('drain of 110 pods: peak resident memory', statusBytes(one.pid, 'VmHWM') / 1e6, 80, 'MB');
  row(
    'drain of 110 pods: notice read to node marked',
    (await one.metric('spot_agent_notice_to_mark_seconds_sum')) * 1_000,
    100,
    'ms',
  );
  await one.stop();
  await imds.close();
}

/** From the moment that the metadata service shows a notice to the answer that the Node is marked. */
async function noticesInARow(world: BenchWorld, count: number): Promise<void> {
  const { fake } = world;
  if (fake === undefined) return;
  const imds = await fakeImds();
  imds.instanceId = 'i-00000000000000row';
  await world.addNode('row', { instanceId: imds.instanceId });
  const pollMs = 100;
  const one = await startedAgent(world, { node: 'row', imds }, [
    ...['--poll-interval', `${pollMs}ms`, '--revert-after-deadline', '0s'],
  ]);
  await one.ready();
  const isMarked = () => JSON.stringify(fake.node('row')).includes('"spot-expander.io/signal"');
  const took: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = fake.requests.length;
    const atMs = Date.now();
    imds.spot = interruption(1_800);
    await until('a mark', isMarked);
    const write = fake.requests
      .slice(from)
      .find(({ method, path }) => method === 'PATCH' && path.endsWith('/row'));
    took.push((write?.atMs ?? Infinity) - atMs);
    imds.spot = undefined;
    await until('the mark to be taken back', () => !isMarked());
  }
  took.sort((a, b) => a - b);
  row(
    `${count} notices in a row, poll of ${pollMs} ms: to the mark, p99`,
    took[Math.ceil(count * 0.99) - 1] ?? 0,
    pollMs + 100,
    'ms',
  );
  await one.stop();
  await imds.close();
}

async function manyAtOnce(world: World, count: number): Promise<void> {
  const fleet = await agentFleet(world, count);
  await sleep(4_000);
  const noticeMs = Date.now();
  const from = world.fake?.requests.length ?? 0;
  for (const { imds } of fleet.agents) imds.spot = interruption();
  await until('all to be marked', () => fleet.agents.every((one) => one.markedAtMs() > 0), 60_000);
  const toMark = fleet.agents.map((one) => one.markedAtMs() - one.seenAtMs()).sort((a, b) => a - b);
  const last = Math.max(...fleet.agents.map((one) => one.markedAtMs()));
  row(`${count} agents at once: all marked after their notice`, (last - noticeMs) / 1_000, 5, 's');
  row(
    `${count} agents at once: notice read to marked, p99`,
    toMark[Math.floor(count * 0.99) - 1] ?? 0,
    5_000,
    'ms',
  );
  await sleep(5_000);
  row(
    `${count} agents at once: writes of the Node, each`,
    fleet.agents.reduce((sum, one) => sum + one.nodeWrites(), 0) / count,
    2,
    'writes',
  );
  if (world.fake !== undefined) {
    const seen = world.fake.requests.slice(from);
    const writes = seen.filter((one) => one.method !== 'GET').length;
    row(`${count} agents at once: API writes, each`, writes / count, 5, 'writes');
    row(`${count} agents at once: API reads, each`, (seen.length - writes) / count, 15, 'reads');
  }
  await fleet.stop();
}

const world: BenchWorld = values.cluster === true ? await clusterWorld() : await fakePodWorld();
try {
  console.log(values.cluster === true ? 'against a real control plane' : 'against a fake API server');
  await idleAndDrain(world);
  await noticesInARow(world, 40);
  await manyAtOnce(world, 200);
} finally {
  await world.close();
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
process.exit(0);
