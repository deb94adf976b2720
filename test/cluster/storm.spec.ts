import { expect } from 'chai';
import { signalAnnotation } from '../../src/drain/marks.ts';
import { agentFleet } from '../peers/agent-fleet.ts';
import { clusterWorld, type World } from '../peers/agent-world.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import type { KubeObject } from './kube-api.ts';
import { aPodOn } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

const agents = 200;
const total = 10;
const perZone = 4;

interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity?: string };
}

describe(`a storm of ${agents} agents, against a real control plane`, function () {
  this.timeout(240_000);
  let played: PlayedCluster;
  let world: World;
  let fleet: Awaited<ReturnType<typeof agentFleet>>;

  before(async function () {
    played = await playedOrSkipped(this);
    this.timeout(120_000);
    world = await clusterWorld();
    fleet = await agentFleet(world, agents);
    for (let index = 0; index < agents; index += 1) {
      const name = `storm-${index}`;
      // A pod each, so that every rebalance has something to wait for a place with.
      await aPodOn(played.api, `fleet-${index}`, { namespace: 'default', name });
    }
    await until('all to poll', () => fleet.agents.every(({ imds }) => imds.requests.length > 0), 30_000);
  });
  after(async () => {
    await (fleet as typeof fleet | undefined)?.stop();
    await (world as World | undefined)?.close();
  });

  const marks = async (kind: string) =>
    (await played.api.list<KubeObject>('/api/v1/nodes')).filter(
      ({ metadata }) =>
        metadata.name.startsWith('fleet-') &&
        metadata.annotations?.[signalAnnotation]?.includes(`"kind":"${kind}"`) === true,
    ).length;

  it('rebalance for all: every node is marked, and the budget of drains is never exceeded', async () => {
    const stop = new AbortController();
    const leases = new Map<string, Lease>();
    let most = 0;
    let mostInZone = 0;
    const held = (scope: string) =>
      [...leases.values()].filter(
        ({ metadata, spec }) => metadata.name.includes(scope) && (spec.holderIdentity ?? '') !== '',
      ).length;
    const drained = new Set<string>();
    void played.api.mirror<Lease>(
      '/apis/coordination.k8s.io/v1/namespaces/default/leases?labelSelector=spot-expander.io%2Fdrain-slot',
      leases,
      (_, { spec, metadata }) => {
        most = Math.max(most, held('-total-'));
        mostInZone = Math.max(mostInZone, held('-zone-'));
        if (metadata.name.includes('-total-') && spec.holderIdentity !== undefined)
          drained.add(spec.holderIdentity);
      },
      stop.signal,
    );
    const noticeTime = new Date().toISOString();
    for (const { imds } of fleet.agents) imds.rebalance = () => ({ noticeTime });
    await until('all to be marked', async () => (await marks('REBALANCE')) === agents, 60_000);
    await until('some drains', () => drained.size > perZone, 40_000);
    stop.abort();
    expect(most).to.be.within(1, total);
    // All of them are in one zone.
    expect(mostInZone).to.be.within(1, perZone);
  });

  it('an interruption for all: every node is marked anew, every pod is asked, whatever the budget', async () => {
    for (const { imds } of fleet.agents) imds.spot = interruption();
    await until('all to be marked', async () => (await marks('TERMINATION')) === agents, 60_000);
    await until(
      'all pods to go',
      async () =>
        (await played.api.list<KubeObject>('/api/v1/namespaces/default/pods')).filter(({ metadata }) =>
          metadata.name.startsWith('storm-'),
        ).length === 0,
      120_000,
    );
  });
});
