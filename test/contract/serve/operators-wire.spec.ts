import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { joined, node, nodeEntry, option, pod, textField } from '../../../scripts/wire-bytes.ts';
import { serveConfig } from '../../../src/config/serve-config.ts';
import { SpotServer } from '../../../src/processes/serve/spot-server.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';
import { asker, type Asker } from '../../e2e/asked.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { until } from '../../peers/until.ts';

const minute = 60_000;
const zones = ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'] as const;
type Zone = (typeof zones)[number];

interface Group {
  readonly type: string;
  readonly zone: Zone;
  readonly spot?: boolean;
  readonly nodes: number;
}
type Groups = Readonly<Record<string, Group>>;

/** Each type with its size, its prices and its band. */
const market = {
  'm5.large': { vcpu: 2, memory_gb: 8, spot: 0.0389, onDemand: 0.101, code: 4 },
  'm5.2xlarge': { vcpu: 8, memory_gb: 32, spot: 0.155, onDemand: 0.404, code: 4 },
  'c5.2xlarge': { vcpu: 8, memory_gb: 16, spot: 0.156, onDemand: 0.34, code: 4 },
  'm6i.2xlarge': { vcpu: 8, memory_gb: 32, spot: 0.157, onDemand: 0.404, code: 4 },
  'r5.2xlarge': { vcpu: 8, memory_gb: 64, spot: 0.158, onDemand: 0.504, code: 0 },
} as const;
type Type = keyof typeof market;

function staticData(codes: Partial<Record<Type, number>> = {}): string {
  const each = <Value>(value: (type: Type) => readonly (readonly [string, Value])[]) =>
    Object.fromEntries((Object.keys(market) as Type[]).flatMap(value));
  return JSON.stringify({
    metadata: { last_updated: new Date().toISOString(), region: 'ap-south-1' },
    zones: Object.fromEntries(zones.map((zone, at) => [zone, `aps1-az${at + 1}`])),
    spot_advisor: each((type) => {
      const code = codes[type] ?? market[type].code;
      const rate = [0.025, 0.075, 0.125, 0.175, 0.25][code] ?? 0.25;
      return [[`${type}@ap-south-1`, { interrupt_rate: rate, interrupt_rate_code: code }]];
    }),
    instance_metadata: each((type) => {
      const { vcpu, memory_gb } = market[type];
      return [[type, { vcpu, memory_gb, architecture: 'x86_64', family: type.split('.')[0] }]];
    }),
    on_demand: each((type) => [[`${type}@ap-south-1`, market[type].onDemand]]),
    spot: each((type) =>
      zones.map((_, at) => [`${type}@aps1-az${at + 1}`, market[type].spot * (1 + at * 0.05)]),
    ),
  });
}

/** As an autoscaler of 1.35 marshals it. */
function asked(
  groups: Groups,
  podCount: number,
  offered: readonly string[] = Object.keys(groups),
  names = 'web',
): Uint8Array {
  const raw = Array.from({ length: podCount }, (_, index) =>
    pod({
      name: `${names}-${index}`,
      metadata: [textField(5, `${names}-uid-${index}`)],
      containers: [{ requests: { cpu: '1', memory: '1Gi' } }],
    }),
  );
  return joined(
    ...offered.map((id) => option({ id, count: groups[id]?.nodes ?? 1, raw })),
    ...Object.entries(groups).map(([id, { type, zone, spot = true }]) => {
      const { vcpu, memory_gb } = market[type as Type];
      const size = { cpu: String(vcpu), memory: `${memory_gb}Gi` };
      const labels = {
        'node.kubernetes.io/instance-type': type,
        'topology.kubernetes.io/zone': zone,
        'eks.amazonaws.com/capacityType': spot ? 'SPOT' : 'ON_DEMAND',
        'eks.amazonaws.com/nodegroup': `${id}-name`,
      };
      return nodeEntry(3, id, node({ name: `template-${id}`, labels, capacity: size, allocatable: size }));
    }),
  );
}

interface Running {
  readonly ask: (
    groups: Groups,
    pods: number,
    offered?: readonly string[],
    names?: string,
  ) => Promise<string>;
  readonly metrics: () => Promise<string>;
  readonly nodesSeen: () => number;
  readonly passes: (ms: number) => void;
  readonly kube: FakeKubernetes;
  readonly close: () => Promise<void>;
}

describe('what an operator would sign, asked over gRPC of a server that watches nodes', function () {
  this.timeout(60_000);
  const home = mkdtempSync(join(tmpdir(), 'operators-wire-'));
  let one: Running;
  after(() => rmSync(home, { recursive: true, force: true }));
  afterEach(() => one.close());

  async function running(
    flags: Readonly<Record<string, string>> = {},
    codes: Partial<Record<Type, number>> = {},
  ): Promise<void> {
    const kube = await FakeKubernetes.started();
    const state = mkdtempSync(join(home, 'state-'));
    const [kubeconfig, data] = [join(state, 'kubeconfig'), join(state, 'static.json')];
    writeFileSync(kubeconfig, kube.kubeconfig);
    writeFileSync(data, staticData(codes));
    let lateMs = 0;
    const clock = {
      nowMs: () => systemClock.nowMs() + lateMs,
      monotonicMs: () => systemClock.monotonicMs() + lateMs,
    };
    const config = serveConfig({
      flags: {
        ...{ grpc_listen: '127.0.0.1:0', http_listen: '127.0.0.1:0', state_dir: state, drain_grace: '1s' },
        ...{ kubeconfig, static_data: data, risk_model: 'always-safe', region: 'ap-south-1', ...flags },
      },
      environment: {},
      configFile: undefined,
      prod: false,
    });
    const server = await SpotServer.create(config, {}, { log: silentLog, clock });
    const { grpcPort } = await server.start();
    await until('the nodes listed', () => server.parts.fleet?.counts.view() !== undefined);
    let grpc: Asker | undefined = asker(grpcPort, join(state, 'localhost.crt'));
    one = {
      ask: async (groups, pods, offered, names) =>
        (await grpc!.bestOptions(asked(groups, pods, offered, names))).join(),
      metrics: () => server.parts.metrics.text(),
      nodesSeen: () => server.parts.fleet?.watch.nodesSeen ?? 0,
      passes: (ms) => void (lateMs += ms),
      kube,
      close: async () => {
        grpc?.close();
        grpc = undefined;
        await server.stop();
        await kube.close();
      },
    };
  }

  const nine: Groups = Object.fromEntries(
    ['m5.2xlarge', 'c5.2xlarge', 'm6i.2xlarge'].flatMap((type) =>
      zones.map((zone) => [`spot-${type}-${zone.at(-1) ?? ''}`, { type, zone, nodes: 2 }]),
    ),
  );
  const onDemand: Groups = { od: { type: 'm5.2xlarge', zone: zones[0], spot: false, nodes: 2 } };
  const joins = (name: string, group: Group, groupName?: string) => {
    one.kube.addNode(name, {
      zone: group.zone,
      type: group.type,
      instanceId: `i-${name}`,
      labels: {
        'eks.amazonaws.com/capacityType': group.spot === false ? 'ON_DEMAND' : 'SPOT',
        ...(groupName !== undefined && { 'eks.amazonaws.com/nodegroup': groupName }),
      },
    });
  };

  it('nine Spot groups in the 25 % band beside on-demand: Spot; all rejected without it: the least bad alone', async () => {
    await running();
    expect(await one.ask({ ...nine, ...onDemand }, 12)).to.match(/^spot-[a-z0-9.]+-[abc]$/);
    expect(await one.ask(nine, 12)).to.match(/^spot-[a-z0-9.]+-a$/);
  });

  it('the classic formula buys on-demand there', async () => {
    await running({ formula: 'classic' });
    expect(await one.ask({ ...nine, ...onDemand }, 12)).to.equal('od');
  });

  it('an option that nobody picks flips nothing', async () => {
    await running({}, { 'm5.large': 3, 'm5.2xlarge': 0 });
    const groups: Groups = {
      a: { type: 'm5.large', zone: zones[0], nodes: 6 },
      b: { type: 'm5.2xlarge', zone: zones[1], nodes: 2 },
      third: { type: 'r5.2xlarge', zone: zones[2], spot: false, nodes: 2 },
    };
    expect(await one.ask(groups, 10)).to.equal(await one.ask(groups, 10, ['a', 'b']));
  });

  it('1,000 pods over 100 groups in three zones are spread, as nodes join between scale-ups', async () => {
    await running();
    const types = ['m5.2xlarge', 'c5.2xlarge', 'm6i.2xlarge', 'r5.2xlarge'];
    const groups: Groups = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [
        `g${at}`,
        { type: types[at % 4] ?? '', zone: zones[at % 3] ?? zones[0], nodes: 13 },
      ]),
    );
    const pools = new Map<string, number>();
    for (let round = 0; round < 10; round += 1) {
      const chosen = groups[await one.ask(groups, 100)]!;
      const pool = `${chosen.type}@${chosen.zone}`;
      pools.set(pool, (pools.get(pool) ?? 0) + 1);
      for (let index = 0; index < 13; index += 1) joins(`n-${round}-${index}`, chosen);
      await until('the nodes counted', () => one.nodesSeen() >= 13 * (round + 1));
    }
    expect(pools.size).to.be.at.least(3);
    expect(Math.max(...pools.values())).to.be.at.most(6);
  });

  it('ties go to the zone where the fewest nodes are', async () => {
    const flat = JSON.parse(staticData()) as { spot: Record<string, number> };
    for (const key of Object.keys(flat.spot)) if (key.startsWith('m5.large')) flat.spot[key] = 0.0389;
    const data = join(home, 'flat.json');
    writeFileSync(data, JSON.stringify(flat));
    await running({ static_data: data });
    const same: Groups = Object.fromEntries(
      zones.map((zone) => [`g-${zone.at(-1) ?? ''}`, { type: 'm5.large', zone, nodes: 5 }]),
    );
    for (const [at, zone] of zones.entries())
      for (let index = 0; index < [9, 3, 6][at]!; index += 1)
        joins(`t-${zone}-${index}`, { type: 'm5.large', zone, nodes: 1 });
    await until('the nodes counted', () => one.nodesSeen() === 18);
    expect(await one.ask(same, 8)).to.equal('g-b');
  });

  it('one node of twenty is no delivery: the class rests', async () => {
    await running();
    const groups: Groups = {
      a: { type: 'm5.2xlarge', zone: zones[0], nodes: 20 },
      b: { type: 'r5.2xlarge', zone: zones[1], nodes: 20 },
      c: { type: 'm6i.2xlarge', zone: zones[2], nodes: 20 },
    };
    const first = await one.ask(groups, 150);
    joins('came', groups[first]!, `${first}-name`);
    await until('the node counted', () => one.nodesSeen() === 1);
    one.passes(16 * minute);
    expect(await one.ask(groups, 150)).to.not.equal(first);
    expect(await one.metrics()).to.match(/^spot_capacity_cooldowns_total 1$/m);
  });

  it('every id of an answered set is watched: the one that vanished rests', async () => {
    await running({ equal_set_tolerance: '100' }, { 'm5.2xlarge': 0, 'm6i.2xlarge': 0 });
    const groups: Groups = {
      a: { type: 'm5.2xlarge', zone: zones[0], nodes: 20 },
      b: { type: 'm6i.2xlarge', zone: zones[1], nodes: 20 },
      c: { type: 'r5.2xlarge', zone: zones[2], nodes: 20 },
    };
    expect((await one.ask(groups, 150)).split(',')).to.have.length(3);
    one.passes(minute);
    await one.ask(groups, 150, ['a', 'c']);
    expect((await one.ask(groups, 150)).split(',').sort()).to.deep.equal(['a', 'c']);
  });

  it('all dry: Spot is tried three times, then on-demand, and Spot again for pods that have not waited', async () => {
    await running({ spot_wait: '10h' });
    const groups: Groups = {
      a: { type: 'm5.2xlarge', zone: zones[0], nodes: 20 },
      b: { type: 'c5.2xlarge', zone: zones[1], nodes: 20 },
      c: { type: 'm6i.2xlarge', zone: zones[2], nodes: 20 },
      d: { type: 'r5.2xlarge', zone: zones[1], nodes: 20 },
      od: { type: 'm5.2xlarge', zone: zones[0], spot: false, nodes: 20 },
    };
    const answers: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      answers.push(
        await one.ask(
          groups,
          150,
          Object.keys(groups).filter((id) => !answers.includes(id)),
        ),
      );
      one.passes(minute);
    }
    expect(new Set(answers.slice(0, 3)).size).to.equal(3);
    expect(answers.slice(0, 3)).to.not.include('od');
    expect(answers[3]).to.equal('od');
    one.passes(11 * minute);
    expect(await one.ask(groups, 150)).to.equal('od');
    // Other pods: Spot was never chosen for them, and what rested is back.
    expect(await one.ask(groups, 150, Object.keys(groups), 'fresh')).to.not.equal('od');
  });
});
