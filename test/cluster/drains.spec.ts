import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { signalAnnotation } from '../../src/drain/marks.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentDaemon, documentedPermissions, type AgentDaemon } from './agent-daemon.ts';
import { aBudget, aDeployment, aNamespace, aNode, isReady, podsIn, type PodObject } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

/* The agent as a pod of its DaemonSet, its API server at the Service's address, its metadata service where AWS has it. */
describe('drains, with real budgets and the real scheduler', function () {
  this.timeout(120_000);
  let world: PlayedCluster;
  let daemon: AgentDaemon | undefined;
  let serial = 0;
  let story: string;
  let [doomed, safe] = ['', ''];

  before(async function () {
    world = await playedOrSkipped(this);
    await documentedPermissions(world);
  });
  beforeEach(() => {
    story = `drain-${(serial += 1)}`;
    [doomed, safe] = [`${story}-doomed`, `${story}-safe`];
    daemon = undefined;
  });
  afterEach(async () => {
    await daemon?.remove();
  });

  /** Six pods, all on one node; then a second node that they may move to. */
  async function sixPods(minAvailable: number): Promise<void> {
    await world.addNode(doomed, { instanceId: `i-00000000000d${serial}a`, labels: { story } });
    await aNamespace(world.api, story);
    await aDeployment(world.api, story, 'web', 6, story);
    await aBudget(world.api, story, 'web', minAvailable);
    await world.addNode(safe, { instanceId: `i-00000000000d${serial}b`, labels: { story } });
  }

  const pods = () => podsIn(world.api, story, 'app=web');
  const left = async () => (await pods()).filter(({ spec }) => spec.nodeName === doomed);
  const movedAll = (withinMs = 40_000) =>
    until(
      'all six to run elsewhere',
      async () => {
        const all = await pods();
        return all.length === 6 && all.every((pod) => isReady(pod) && pod.spec.nodeName === safe);
      },
      withinMs,
    );
  const marked = (kind: string, withinMs = 15_000) =>
    until(
      `${doomed} to be marked ${kind}`,
      async () => {
        const { metadata, spec } = await aNode(world.api, doomed);
        return metadata.annotations?.[signalAnnotation]?.includes(`"kind":"${kind}"`) === true && spec;
      },
      withinMs,
    );

  /** The fewest pods that were ready at any moment, as the API server tells of every change. */
  function fewestReady(): { readonly stop: () => number } {
    const stop = new AbortController();
    const known = new Map<string, PodObject>();
    let fewest = Infinity;
    let isComplete = false;
    void world.api.mirror(
      `/api/v1/namespaces/${story}/pods?labelSelector=app%3Dweb`,
      known,
      () => {
        const ready = [...known.values()].filter(isReady).length;
        isComplete ||= ready === 6;
        if (isComplete) fewest = Math.min(fewest, ready);
      },
      stop.signal,
    );
    return {
      stop: () => {
        stop.abort();
        return fewest;
      },
    };
  }

  it('rebalance: every pod moves, never more at once than the budget allows, and the place is given back', async () => {
    await sixPods(5);
    daemon = await agentDaemon(world, story, [doomed, safe]);
    const watching = fewestReady();
    await world.metadata(doomed, { rebalance: { noticeTime: new Date().toISOString() } });
    expect((await marked('REBALANCE')).unschedulable).to.equal(true);
    await movedAll();
    expect(watching.stop()).to.equal(5);
    await until('the places to be free', async () => {
      const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
      const leases = await world.api.list<{ spec: { holderIdentity?: string } }>(path);
      return leases.every(({ spec }) => spec.holderIdentity !== doomed);
    });
    expect((await aNode(world.api, safe)).spec.unschedulable).to.not.equal(true);
  });

  it('a budget in the way at the deadline: respected until just before it, then overruled', async () => {
    await sixPods(6);
    daemon = await agentDaemon(world, story, [doomed, safe]);
    const endsAtMs = Date.now() + 10_000;
    await world.metadata(doomed, { spot: interruption(10_000)() });
    await marked('TERMINATION');
    await until('refusals', () =>
      daemon!.on(doomed).containers[0]!.lines.some((line) => line.includes('blocked')),
    );
    expect(await left()).to.have.length(6);
    await until('none to be left', async () => (await left()).length === 0, 15_000);
    expect(Date.now()).to.be.within(endsAtMs - 4_500, endsAtMs + 1_000);
    await movedAll();
  });

  it('rebalance, then an interruption: the drain that a budget holds up is escalated', async () => {
    await sixPods(6);
    daemon = await agentDaemon(world, story, [doomed, safe]);
    await world.metadata(doomed, { rebalance: { noticeTime: new Date().toISOString() } });
    await marked('REBALANCE');
    await sleep(1_500);
    expect(await left()).to.have.length(6);
    await world.metadata(doomed, { spot: interruption(6_000)() });
    await marked('TERMINATION');
    await until('none to be left', async () => (await left()).length === 0, 12_000);
    await movedAll();
  });

  it('a node that a person cordoned is drained as well, and stays cordoned after the revert', async () => {
    await sixPods(4);
    await world.api.patch(`/api/v1/nodes/${doomed}`, { spec: { unschedulable: true } });
    daemon = await agentDaemon(world, story, [doomed, safe], { rebalance_ttl: '8s' });
    await world.metadata(doomed, { rebalance: { noticeTime: new Date().toISOString() } });
    await marked('REBALANCE');
    await movedAll();
    await until(
      'the revert',
      async () => {
        const { metadata } = await aNode(world.api, doomed);
        return metadata.annotations?.[signalAnnotation] === undefined;
      },
      15_000,
    );
    expect((await aNode(world.api, doomed)).spec.unschedulable).to.equal(true);
  });

  it('maintenance: drained before it may start, within the budget', async () => {
    await sixPods(5);
    daemon = await agentDaemon(world, story, [doomed, safe]);
    const watching = fewestReady();
    const event = {
      Code: 'system-reboot',
      Description: 'scheduled reboot',
      EventId: `instance-event-${story}`,
      NotBefore: new Date(Date.now() + 60_000).toUTCString().slice(5),
      State: 'active',
    };
    await world.metadata(doomed, { scheduled: [event] });
    await marked('MAINTENANCE');
    await movedAll();
    expect(watching.stop()).to.equal(5);
  });

  it('the API server killed and started again in the middle: the drain goes on to its end', async () => {
    await sixPods(5);
    daemon = await agentDaemon(world, story, [doomed, safe]);
    await world.metadata(doomed, { rebalance: { noticeTime: new Date().toISOString() } });
    await marked('REBALANCE');
    await until('the first pod to go', async () => (await left()).length < 6, 15_000);
    await world.cluster.killApiServer();
    await sleep(2_000);
    await world.cluster.restartApiServer();
    await movedAll(150_000);
    expect(daemon.on(doomed).containers[0]?.status().restartCount).to.equal(0);
  });

  it('the agent killed with -9 in the middle is started again by its kubelet and goes on', async () => {
    await sixPods(6);
    daemon = await agentDaemon(world, story, [doomed, safe]);
    await world.metadata(doomed, { spot: interruption(12_000)() });
    await marked('TERMINATION');
    const before = (await aNode(world.api, doomed)).metadata.annotations;
    daemon.on(doomed).containers[0]?.kill('SIGKILL');
    await until('none to be left', async () => (await left()).length === 0, 18_000);
    expect(daemon.on(doomed).containers[0]?.status().restartCount).to.be.at.least(1);
    expect((await aNode(world.api, doomed)).metadata.annotations?.[signalAnnotation]).to.equal(
      before?.[signalAnnotation],
    );
  });
});
