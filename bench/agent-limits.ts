/**
 * What the agent costs and how fast it is, on this machine:
 *
 *   node bench/agent-limits.ts [--cluster] [--json FILE]
 *
 * Memory and CPU of the built agent while idle, API requests while idle, the drain of 110 pods, and 200 agents that
 * get their notice at once (in one process; each has its own metadata service and its own connections).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { imdsClient } from '../src/adapters/imds/imds-client.ts';
import { drainSlots } from '../src/adapters/kubernetes/drain-slots.ts';
import { kubeAccess } from '../src/adapters/kubernetes/kube-access.ts';
import { kubeClient } from '../src/adapters/kubernetes/kube-client.ts';
import { nodeCluster } from '../src/adapters/kubernetes/node-cluster.ts';
import { agent } from '../src/agent/agent.ts';
import { defaultDrainPolicy } from '../src/drain/policy.ts';
import { agentMetrics } from '../src/telemetry/agent-metrics.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { agentProcess } from '../test/peers/agent-process.ts';
import { clusterWorld, fakeWorld, type World } from '../test/peers/agent-world.ts';
import { fakeImds, interruption } from '../test/peers/fake-imds.ts';
import { until } from '../test/peers/until.ts';

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

function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function idleAndDrain(world: World): Promise<void> {
  const imds = await fakeImds();
  imds.instanceId = 'i-000000000000bench';
  await world.addNode('bench', { instanceId: imds.instanceId });
  await Promise.all(Array.from({ length: 110 }, (_, index) => world.addPod(`bench-${index}`, 'bench', {})));
  const one = await agentProcess([
    '--node-name',
    'bench',
    '--imds-endpoint',
    imds.url,
    '--kubeconfig',
    world.kubeconfig,
  ]);
  await sleep(6_000);
  const requests = () => world.fake?.requests.length ?? 0;
  const before = { atMs: Date.now(), cpu: cpuMs(one.pid), requests: requests() };
  await sleep(30_000);
  const elapsedMs = Date.now() - before.atMs;
  row('idle: resident memory', statusBytes(one.pid, 'VmRSS') / 1e6, 80, 'MB');
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

async function manyAtOnce(world: World, count: number): Promise<void> {
  const stop = new AbortController();
  const access = await kubeAccess(world.kubeconfig, {});
  const fleet = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const imds = await fakeImds();
      imds.instanceId = `i-${String(index).padStart(17, '1')}`;
      const name = `fleet-${index}`;
      await world.addNode(name, { instanceId: imds.instanceId });
      const client = kubeClient(access, { timeoutMs: 5_000, maxConnections: 4, userAgent: 'bench' });
      let changes = 0;
      const cluster = nodeCluster(client, name);
      const counted = {
        ...cluster,
        changeNode: (...args: Parameters<typeof cluster.changeNode>) => (
          (changes += 1),
          cluster.changeNode(...args)
        ),
      };
      let markedAtMs = 0;
      let seenAtMs = 0;
      const metrics = agentMetrics({ pollAgeSeconds: () => undefined, isRefusing: () => false });
      const one = agent(
        {
          metadata: imdsClient({
            endpoint: imds.url,
            timeoutMs: 1_000,
            tokenTtlSeconds: 21_600,
            nowMs: Date.now,
          }),
          cluster: counted,
          slots: ({ zone }) =>
            drainSlots(client, {
              namespace: 'default',
              holder: name,
              zone,
              total: 10,
              perZone: 4,
              leaseSeconds: 60,
              nowMs: Date.now,
            }),
          webhook: undefined,
          nowMs: Date.now,
          chance: Math.random,
          log: {
            ...silentLog,
            warn: (_fields, message) => {
              if (message.includes('has begun')) seenAtMs = Date.now();
            },
            info: (_fields, message) => {
              if (message === 'the node was changed: mark') markedAtMs = Date.now();
            },
          },
          metrics,
        },
        {
          nodeName: name,
          policy: { ...defaultDrainPolicy, minNodeAgeMs: 0 },
          pollMs: 2_000,
          maintenancePollMs: 30_000,
          dryRun: false,
          ownPod: undefined,
          slotRenewMs: 20_000,
          concurrency: 24,
          shutdownGraceMs: 1_000,
        },
      );
      const ended = one.run(stop.signal);
      return { imds, client, ended, times: () => ({ markedAtMs, seenAtMs, changes }) };
    }),
  );
  await sleep(4_000);
  const noticeMs = Date.now();
  const from = world.fake?.requests.length ?? 0;
  for (const { imds } of fleet) imds.spot = interruption();
  await until('all to be marked', () => fleet.every(({ times }) => times().markedAtMs > 0), 60_000);
  const sorted = (pick: (one: (typeof fleet)[number]) => number) => fleet.map(pick).sort((a, b) => a - b);
  const toMark = sorted(({ times }) => times().markedAtMs - times().seenAtMs);
  row(
    `${count} agents at once: all marked after their notice`,
    Math.max(...fleet.map(({ times }) => times().markedAtMs - noticeMs)) / 1_000,
    5,
    's',
  );
  row(
    `${count} agents at once: notice read to marked, p99`,
    toMark[Math.floor(count * 0.99) - 1] ?? 0,
    5_000,
    'ms',
  );
  await sleep(5_000);
  row(
    `${count} agents at once: writes of the Node, each`,
    fleet.reduce((sum, { times }) => sum + times().changes, 0) / count,
    2,
    'writes',
  );
  if (world.fake !== undefined) {
    const seen = world.fake.requests.slice(from);
    row(
      `${count} agents at once: API writes, each`,
      seen.filter((one) => one.method !== 'GET').length / count,
      5,
      'writes',
    );
    row(
      `${count} agents at once: API reads, each`,
      seen.filter((one) => one.method === 'GET').length / count,
      15,
      'reads',
    );
  }
  stop.abort();
  await Promise.all(fleet.map(({ ended }) => ended));
  for (const { imds, client } of fleet) {
    client.close();
    await imds.close();
  }
}

const world = values.cluster === true ? await clusterWorld() : await fakeWorld();
try {
  console.log(values.cluster === true ? 'against a real control plane' : 'against a fake API server');
  await idleAndDrain(world);
  await manyAtOnce(world, 200);
} finally {
  await world.close();
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
process.exit(0);
