import { expect } from 'chai';
import { agentProcessOn, killAgents, type AgentProcess } from '../peers/agent-process.ts';
import { fakeImds, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import type { KubeObject } from './kube-api.ts';
import { aClosedBudget, aNamespace, aPodOn, podsStayingOn } from './objects.ts';
import { nodeObject, type PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity?: string };
}

/* Drains of real agents on a real API server, each story with Leases in a namespace of its own. */
describe('places in the drain budget, against a real control plane', function () {
  this.timeout(240_000);
  let world: PlayedCluster;
  const opened: FakeImds[] = [];
  let serial = 0;

  before(async function () {
    world = await playedOrSkipped(this);
  });
  after(async () => {
    killAgents();
    await Promise.all(opened.map((imds) => imds.close()));
  });

  const leasesOf = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const placeOf = (scope: string, index = 0) => `spot-expander-drain-${scope}-${index}`;
  const scopes = ['total', 'zone-ap-south-1a'] as const;

  function aLease(namespace: string, name: string, scope: string, spec: object): Promise<unknown> {
    return world.api.create(leasesOf(namespace), {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, labels: { 'spot-expander.io/drain-slot': scope } },
      spec,
    });
  }

  /** A node with one pod, and an agent to which AWS recommends to rebalance, in a cluster that drains one node at a time. */
  async function recommended(
    namespace: string,
    node: string,
    flags: readonly string[] = [],
  ): Promise<{ readonly agent: AgentProcess; readonly isDrained: () => Promise<boolean> }> {
    const imds = await fakeImds();
    opened.push(imds);
    imds.instanceId = `i-${String((serial += 1)).padStart(17, 'b')}`;
    await world.api.create('/api/v1/nodes', nodeObject(node, { instanceId: imds.instanceId }));
    await aPodOn(world.api, node, { namespace, name: node });
    const agent = await agentProcessOn({ node, imds, world: world.cluster }, [
      ...['--pod-namespace', namespace, '--poll-interval', '200ms', '--min-node-age', '0s'],
      ...['--load-balancer-wait', '0s', '--max-drains', '1', '--max-drains-per-zone', '1', ...flags],
    ]);
    await agent.ready(20_000);
    const noticeTime = new Date().toISOString();
    imds.rebalance = () => ({ noticeTime });
    const isDrained = async () => (await podsStayingOn(world.api, node, namespace)).length === 0;
    return { agent, isDrained };
  }

  it('foreign Leases of endless duration in every place, and two hundred beside them, keep a drain for 65 to 90 seconds', async () => {
    const namespace = await aNamespace(world.api, 'places-endless');
    const endless = { holderIdentity: 'somebody', leaseDurationSeconds: 2_000_000_000 };
    const renewTime = '2126-01-01T00:00:00.000000Z';
    for (const scope of scopes) await aLease(namespace, placeOf(scope), scope, { ...endless, renewTime });
    for (let index = 0; index < 200; index += 1)
      await aLease(namespace, `noise-${index}`, 'total', { ...endless, renewTime });
    const { isDrained } = await recommended(namespace, 'places-endless');
    const fromMs = Date.now();
    await until('the drain', isDrained, 90_000);
    expect(Date.now() - fromMs).to.be.above(60_000);
  });

  it('a holder whose clock is ten minutes behind keeps its place while it renews it, and loses it when it is silent', async () => {
    const namespace = await aNamespace(world.api, 'places-behind');
    const spec = () => ({
      holderIdentity: 'behind',
      leaseDurationSeconds: 60,
      renewTime: new Date(Date.now() - 600_000).toISOString().replace('Z', '000Z'),
    });
    for (const scope of scopes) await aLease(namespace, placeOf(scope), scope, spec());
    const renewed = async () => {
      for (const scope of scopes)
        await world.api.call(
          'PATCH',
          `${leasesOf(namespace)}/${placeOf(scope)}`,
          { spec: spec() },
          'application/merge-patch+json',
        );
    };
    const renewals = setInterval(() => void renewed().catch(() => undefined), 20_000);
    try {
      const { agent, isDrained } = await recommended(namespace, 'places-behind');
      const holdsMs = 85_000;
      const fromMs = Date.now();
      let wasTaken = false;
      await until(
        'the holder to have had its time',
        async () => {
          wasTaken ||= await isDrained();
          return wasTaken || Date.now() - fromMs > holdsMs;
        },
        holdsMs + 20_000,
      );
      expect(wasTaken, 'a second drain beside the holder').to.equal(false);
      expect(await agent.metric('spot_agent_waiting_for_place')).to.equal(1);
      clearInterval(renewals);
      await until('the drain', isDrained, 90_000);
    } finally {
      clearInterval(renewals);
    }
  });

  it('a drain that a disruption budget blocks gives its place to another node, and comes again when that one has drained', async () => {
    const namespace = await aNamespace(world.api, 'places-blocked');
    await aClosedBudget(world.api, 'places-blocked', namespace);
    const holders = async () =>
      (await world.api.list<Lease>(leasesOf(namespace))).map(({ spec }) => spec.holderIdentity ?? '');
    const blocked = await recommended(namespace, 'places-blocked', ['--place-patience', '15s']);
    await until(
      'the first to have the place',
      async () => (await holders()).includes('places-blocked'),
      20_000,
    );
    const free = await recommended(namespace, 'places-free');
    expect(await free.isDrained(), 'two drains at once').to.equal(false);
    await until('the second to drain', free.isDrained, 60_000);
    expect(await blocked.isDrained()).to.equal(false);
    await until(
      'the first to have the place again',
      async () => (await holders()).includes('places-blocked'),
      90_000,
    );
  });
});
