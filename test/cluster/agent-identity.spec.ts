import { expect } from 'chai';
import { until } from '../peers/until.ts';
import { agentDaemon, documentedPermissions, type AgentDaemon } from './agent-daemon.ts';
import { ApiRefusal } from './kube-api.ts';
import { aNode, aNamespace, aPodOn } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { asKubelet, asPod, type PodIdentity } from './pod-identity.ts';
import { playedOrSkipped } from './shared-played.ts';

const story = 'identity';
const [home, other] = ['identity-home', 'identity-other'];

describe("an agent's token, as its DaemonSet's pod has it", function () {
  this.timeout(90_000);
  let world: PlayedCluster;
  let daemon: AgentDaemon | undefined;
  let agent: PodIdentity;
  let namespace: string;

  before(async function () {
    world = await playedOrSkipped(this);
    await documentedPermissions(world);
    for (const [index, name] of [home, other].entries())
      await world.addNode(name, { instanceId: `i-0000000000000a1d${index}`, labels: { story } });
    daemon = await agentDaemon(world, story, [home, other]);
    namespace = await aNamespace(world.api, story);
    for (const node of [home, other]) await aPodOn(world.api, node, { namespace, name: `on-${node}` });
    agent = await asPod(world, daemon.on(home));
    // The API server takes some seconds to apply a policy that has just been made.
    for (const tried of [
      () => patchNode(other),
      () => agent.api.create(`${pod(other)}/eviction?dryRun=All`, eviction(other)),
    ])
      await until(
        'the policies to be in force',
        () =>
          tried().then(
            () => false,
            (error: unknown) => String(error).includes('own Node'),
          ),
        30_000,
      );
  });
  after(async () => {
    (agent as PodIdentity | undefined)?.api.close();
    await daemon?.remove();
  });

  const pod = (node: string) => `/api/v1/namespaces/${namespace}/pods/on-${node}`;
  const annotations = { metadata: { annotations: { 'spot-expander.io/tried': 'yes' } } };
  const patchNode = (node: string) => agent.api.patch(`/api/v1/nodes/${node}?dryRun=All`, annotations);
  const patchStatus = (node: string) =>
    agent.api.patch(
      `/api/v1/nodes/${node}/status?dryRun=All`,
      { status: { conditions: [{ type: 'spot-expander.io/SpotSignal', status: 'True' }] } },
      'strategic',
    );
  const deletePod = (node: string) => agent.api.call('DELETE', `${pod(node)}?dryRun=All`);
  const eviction = (node: string) => ({
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: `on-${node}`, namespace },
  });
  const evict = (node: string) => agent.api.create(`${pod(node)}/eviction?dryRun=All`, eviction(node));

  async function refusal(work: Promise<unknown>): Promise<ApiRefusal> {
    try {
      await work;
    } catch (error) {
      if (error instanceof ApiRefusal) return error;
      throw error;
    }
    throw new Error('the API server allowed it');
  }

  it('names its service account and its own node', () => {
    expect(agent.claims.sub).to.equal('system:serviceaccount:kube-system:spot-expander-agent');
    expect(agent.claims['kubernetes.io']).to.deep.include({ node: { name: home, uid: agent.nodeUid } });
  });

  for (const [what, work] of [
    ['a write of the Node', patchNode],
    ["a write of the Node's status", patchStatus],
    ['the deletion of a pod', deletePod],
    ['the eviction of a pod', evict],
  ] as const) {
    it(`${what}: allowed at home`, async () => {
      await work(home);
    });

    it(`${what}: refused by the policy for another node`, async () => {
      const { status, message } = await refusal(work(other));
      expect(status).to.equal(403);
      expect(message).to.include('ValidatingAdmissionPolicy').and.include('own Node');
    });
  }

  it('the right to any other kind of thing is not there at all', async () => {
    for (const work of [
      agent.api.list(`/api/v1/namespaces/${namespace}/secrets`),
      agent.api.call('DELETE', `/api/v1/nodes/${home}`),
      agent.api.patch(pod(home), annotations),
      agent.api.list('/api/v1/nodes'),
    ])
      expect((await refusal(work)).status).to.equal(403);
  });

  it('a token of the same account that is bound to no pod may change no node', async () => {
    const free = await asPod(world, undefined);
    const { message } = await refusal(free.api.patch(`/api/v1/nodes/${home}?dryRun=All`, annotations));
    free.api.close();
    expect(message).to.include('own Node');
  });

  describe("beside the kubelet's, which NodeRestriction holds", () => {
    type Api = PodIdentity['api'];
    const inMark = { metadata: { annotations: { 'spot-expander.io/signal': 'forged' } } };
    const taint = { spec: { taints: [{ key: 'tried', effect: 'NoSchedule' }] } };
    const restricted = { metadata: { labels: { 'node-restriction.kubernetes.io/tried': 'yes' } } };
    const patched = (api: Api, node: string, body: unknown) =>
      api.patch(`/api/v1/nodes/${node}?dryRun=All`, body);
    let kubelet: Api;
    before(async () => void (kubelet = await asKubelet(world, home)));
    after(() => kubelet.close());

    it("a node that was taken over can write its own Node's annotations, a mark among them; hence marks are proven", async () => {
      await patched(kubelet, home, inMark);
      await patched(agent.api, home, inMark);
    });

    it('neither may write another Node', async () => {
      expect((await refusal(patched(kubelet, other, inMark))).status).to.equal(403);
      expect((await refusal(patched(agent.api, other, inMark))).message).to.include('own Node');
    });

    it('the kubelet may not taint its own Node, nor set a label that NodeRestriction keeps', async () => {
      for (const body of [taint, restricted])
        expect((await refusal(patched(kubelet, home, body))).message).to.include('is not allowed to');
    });

    it('the kubelet may evict and delete the pods on its own node and no others, as the agent', async () => {
      const evicted = (api: Api, node: string) =>
        api.create(`${pod(node)}/eviction?dryRun=All`, eviction(node));
      await evicted(kubelet, home);
      await evicted(agent.api, home);
      expect((await refusal(evicted(kubelet, other))).status).to.equal(403);
      expect((await refusal(evicted(agent.api, other))).message).to.include('own Node');
    });
  });

  it('nothing of all that has changed anything', async () => {
    for (const node of [home, other]) {
      const { metadata } = await aNode(world.api, node);
      expect(metadata.annotations).to.not.have.property('spot-expander.io/tried');
      expect(await world.api.found(pod(node))).to.not.equal(undefined);
    }
  });
});
