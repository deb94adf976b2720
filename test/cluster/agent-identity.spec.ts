import { expect } from 'chai';
import { until } from '../peers/until.ts';
import { agentDaemon, documentedPermissions, type AgentDaemon } from './agent-daemon.ts';
import { ApiRefusal } from './kube-api.ts';
import { aNode, aNamespace } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { asPod, type PodIdentity } from './pod-identity.ts';
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
    for (const node of [home, other])
      await world.api.create(`/api/v1/namespaces/${namespace}/pods`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `on-${node}` },
        spec: {
          nodeName: node,
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'c', image: 'none' }],
        },
      });
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
  const annotations = { metadata: { annotations: { tried: 'yes' } } };
  const patchNode = (node: string) => agent.api.patch(`/api/v1/nodes/${node}?dryRun=All`, annotations);
  const patchStatus = (node: string) =>
    agent.api.patch(
      `/api/v1/nodes/${node}/status?dryRun=All`,
      { status: { conditions: [{ type: 'Tried', status: 'True' }] } },
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
      expect(status).to.equal(422);
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

  it('nothing of all that has changed anything', async () => {
    for (const node of [home, other]) {
      const { metadata } = await aNode(world.api, node);
      expect(metadata.annotations).to.not.have.property('tried');
      expect(await world.api.found(pod(node))).to.not.equal(undefined);
    }
  });
});
