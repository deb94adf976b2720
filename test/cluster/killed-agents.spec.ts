import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ownedAnnotation, signalAnnotation, signalTaintKey } from '../../src/drain/marks.ts';
import { agentProcessOn, killAgents } from '../peers/agent-process.ts';
import { fakeImds, interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { chances } from './chances.ts';
import { aClosedBudget, aNode, aNamespace, aPodOn, podsStayingOn } from './objects.ts';
import { nodeObject, type PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

const points = Number(process.env['SPOT_KILL_POINTS'] ?? 50);
const atOnce = 5;
const seed = Number(process.env['SPOT_KILL_SEED'] ?? 20_261);

interface Point {
  readonly index: number;
  readonly signal: 'interruption' | 'rebalance';
  readonly wasCordoned: boolean;
  /** A budget that allows no eviction. */
  readonly isBlocked: boolean;
  readonly killAfterMs: number;
}

describe(`${points} agents killed with -9 at seeded points (SPOT_KILL_SEED=${seed}), each replaced by another`, function () {
  this.timeout(300_000);
  const namespace = 'killed';
  let world: PlayedCluster;
  let decoy: string;
  let config: string;
  const logs = new Map<number, readonly string[]>();

  before(async function () {
    world = await playedOrSkipped(this);
    await aNamespace(world.api, namespace);
    decoy = 'killed-decoy';
    await world.api.create('/api/v1/nodes', nodeObject(decoy, { instanceId: 'i-000000000000decoy' }));
    await aPodOn(world.api, decoy, { namespace, name: 'decoy' });
    config = join(mkdtempSync(join(tmpdir(), 'spot-killed-')), 'agent.yaml');
    const quick = {
      ...{ min_node_age: '0s', load_balancer_wait: '0s', deadline_margin: '500ms', max_grace: '1s' },
      ...{ poll_interval: '100ms', rebalance_ttl: '3s', max_drains: 100, max_drains_per_zone: 100 },
    };
    writeFileSync(config, JSON.stringify(quick));
  });
  after(() => killAgents());

  const podsOn = (node: string) => podsStayingOn(world.api, node, namespace);
  const reasonsOf = async (node: string) =>
    (
      await world.api.list<{
        involvedObject: { name: string };
        reason: string;
        source?: { component?: string };
      }>(`/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${node}`)
    )
      .filter(({ source }) => source?.component === 'spot-expander-agent')
      .map(({ reason }) => reason);

  async function played({ index, signal, wasCordoned, isBlocked, killAfterMs }: Point): Promise<void> {
    const node = `killed-${index}`;
    const imds = await fakeImds();
    imds.instanceId = `i-00000000000dead${String(index).padStart(2, '0')}`;
    await world.api.create('/api/v1/nodes', nodeObject(node, { instanceId: imds.instanceId }));
    if (wasCordoned) await world.api.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } });
    for (const name of ['a', 'b']) await aPodOn(world.api, node, { namespace, name: `${node}-${name}` });
    if (isBlocked) await aClosedBudget(world.api, node, namespace);
    const start = () =>
      agentProcessOn({ node, imds, world: world.cluster }, [
        '--config',
        config,
        '--pod-namespace',
        namespace,
      ]);
    const first = await start();
    await first.ready(20_000);
    if (signal === 'interruption') imds.spot = interruption(7_000);
    else imds.rebalance = () => ({ noticeTime: '2036-03-01T10:00:00Z' });
    await sleep(killAfterMs);
    await first.stop('SIGKILL');
    const before = (await aNode(world.api, node)).metadata.annotations?.[signalAnnotation];
    const second = await start();
    logs.set(index, second.log);
    if (signal === 'interruption') {
      await until(`${node} to be empty`, async () => (await podsOn(node)).length === 0, 25_000);
      await until(
        `${node}'s Events`,
        async () => (await reasonsOf(node)).includes('SpotNodeDrained'),
        15_000,
      );
      const { metadata, spec } = await aNode(world.api, node);
      const mark = metadata.annotations?.[signalAnnotation];
      expect(mark, `${node}: the mark`).to.include('"kind":"TERMINATION"');
      if (before !== undefined) expect(mark, `${node}: one mark, never made anew`).to.equal(before);
      expect(spec.unschedulable).to.equal(true);
      expect((spec.taints ?? []).filter(({ key }) => key === signalTaintKey)).to.have.length(1);
      expect((metadata.annotations?.[ownedAnnotation] ?? '').includes('cordon')).to.equal(!wasCordoned);
    } else {
      await until(
        `${node} to be reverted`,
        async () =>
          (await aNode(world.api, node)).metadata.annotations?.[signalAnnotation] === undefined &&
          (await reasonsOf(node)).includes('SpotSignalReverted'),
        25_000,
      );
      const { spec } = await aNode(world.api, node);
      expect(spec.unschedulable === true, `${node}: a person's cordon`).to.equal(wasCordoned);
      expect((spec.taints ?? []).map(({ key }) => key)).to.not.include(signalTaintKey);
      expect(await podsOn(node), `${node}: what its budget protects`).to.have.length(isBlocked ? 2 : 0);
    }
    // Nothing is told twice, whoever told it.
    const reasons = await reasonsOf(node);
    expect(new Set(reasons).size, `${node}: ${reasons.join()}`).to.equal(reasons.length);
    expect(reasons).to.include(signal === 'interruption' ? 'SpotTermination' : 'SpotRebalance');
    await second.stop('SIGKILL');
    await imds.close();
    await world.api.remove(`/api/v1/nodes/${node}`);
  }

  const chance = chances(seed);
  const all = Array.from({ length: points }, (_, index): Point => {
    const [signal, cordoned, blocked, when] = [chance(), chance(), chance(), chance()];
    return {
      index,
      signal: signal < 0.5 ? 'interruption' : 'rebalance',
      wasCordoned: cordoned < 0.4,
      isBlocked: blocked < 0.4,
      // Most of what can go wrong happens in the first half second after the poll.
      killAfterMs: Math.round(when * when * 2_000),
    };
  });

  it('nothing is lost, counted or told twice; nodes end as they should; a person’s cordon stays', async () => {
    const waiting = all.values();
    const worker = async () => {
      for (const point of waiting)
        await played(point).catch((error: unknown) => {
          const log = logs.get(point.index)?.slice(-20).join('\n') ?? '';
          throw new Error(`at point ${JSON.stringify(point)}, whose agent said\n${log}`, { cause: error });
        });
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  });

  it('no other node was touched', async () => {
    const { metadata, spec } = await aNode(world.api, decoy);
    expect(
      Object.keys(metadata.annotations ?? {}).filter((key) => key.includes('spot-expander')),
    ).to.deep.equal([]);
    expect(spec.unschedulable).to.not.equal(true);
    expect(await podsOn(decoy)).to.have.length(1);
  });
});
