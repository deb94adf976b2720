import { expect } from 'chai';
import { agentProcessOn, killAgents } from '../peers/agent-process.ts';
import { fakeImds, interruption } from '../peers/fake-imds.ts';
import { memoryGroup, type MemoryGroup } from '../peers/memory-group.ts';
import { until } from '../peers/until.ts';
import type { KubeObject } from './kube-api.ts';
import { aNamespace, aPodOn } from './objects.ts';
import { nodeObject, type PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

/* SPOT_LARGE_PODS=110 for as many as a node has: a quiet machine is needed, whose API server reads 165 MB in time. */
const pods = Number(process.env['SPOT_LARGE_PODS'] ?? 50);
const limitMib = 160;
const variables = 16;
/** The API server takes objects of 1.5 MiB; the fields beside the environment need their share of it. */
const environmentBytes = 1_500_000;

describe(`${pods} pods of 1.5 MB, in a memory control group of ${limitMib} MiB, against a real control plane`, function () {
  this.timeout(600_000);
  const namespace = 'memory-limit';
  const node = 'memory-limit';
  let world: PlayedCluster;
  let group: MemoryGroup | undefined;

  before(async function () {
    const made = memoryGroup('spot-memory-limit', limitMib * 2 ** 20);
    if (typeof made === 'string') {
      console.log(`      skipped: ${made}`);
      this.skip();
    }
    group = made;
    world = await playedOrSkipped(this);
    this.timeout(500_000);
    await aNamespace(world.api, namespace);
    await world.api.create('/api/v1/nodes', nodeObject(node, { instanceId: 'i-00000000000000160' }));
    const value = 'x'.repeat(environmentBytes / variables);
    const env = Array.from({ length: variables }, (_, index) => ({ name: `A${index}`, value }));
    const names = Array.from({ length: pods }, (_, index) => `pod-${index}`).values();
    const worker = async () => {
      for (const name of names) await aPodOn(world.api, node, { namespace, name, env });
    };
    await Promise.all(Array.from({ length: 6 }, worker));
  });
  after(async () => {
    killAgents();
    await until('the control group to be empty', () => group?.remove() ?? true, 10_000);
  });

  it('all are asked to leave before the instance goes, and the agent lives', async () => {
    const imds = await fakeImds();
    imds.instanceId = 'i-00000000000000160';
    // The kubelets and the metadata service of this process also read each change of 110 pods of 1.5 MB.
    const flags = ['--poll-interval', '200ms', '--imds-timeout', '15s', '--max-poll-age', '60s'];
    const agent = await agentProcessOn({ node, imds, world: world.cluster }, flags, group);
    await agent.ready(120_000).catch((error: unknown) => {
      throw new Error(agent.log.join('\n'), { cause: error });
    });
    imds.spot = interruption();
    await until(
      'every pod to be asked',
      async () => (await agent.metric('spot_agent_evictions_total', 'result="evicted"')) === pods,
      100_000,
    );
    const peakMib = Math.round(group!.peakBytes() / 2 ** 20);
    console.log(`      peak of the control group: ${peakMib} MiB`);
    expect(peakMib).to.be.below(limitMib);
    // One by one: a list of those that still end is too much for one answer in time.
    for (let index = 0; index < pods; index += 1) {
      const found = await world.api.found<KubeObject>(`/api/v1/namespaces/${namespace}/pods/pod-${index}`);
      expect(found === undefined || found.metadata.deletionTimestamp !== undefined).to.equal(true);
    }
    await agent.stop();
    await imds.close();
  });
});
