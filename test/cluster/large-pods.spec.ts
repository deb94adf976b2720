import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { agentProcessOn, killAgents } from '../peers/agent-process.ts';
import { fakeImds, interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { aNamespace, aPodOn, podsIn } from './objects.ts';
import { nodeObject, type PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

const pods = 45;

describe(`${pods} pods with 1 MiB of environment on a node, against a real control plane`, function () {
  this.timeout(180_000);
  const namespace = 'large-pods';
  const node = 'large-pods';
  let world: PlayedCluster;

  before(async function () {
    world = await playedOrSkipped(this);
    this.timeout(120_000);
    await aNamespace(world.api, namespace);
    await world.api.create('/api/v1/nodes', nodeObject(node, { instanceId: 'i-00000000000001a49' }));
    const env = Array.from({ length: 16 }, (_, index) => ({
      name: `A${index}`,
      value: 'x'.repeat(64 * 1024),
    }));
    for (let index = 0; index < pods; index += 1)
      await aPodOn(world.api, node, { namespace, name: `pod-${index}`, env });
  });
  after(() => killAgents());

  it('are all asked to leave, and the agent stays within half of its memory limit', async () => {
    const imds = await fakeImds();
    imds.instanceId = 'i-00000000000001a49';
    const agent = await agentProcessOn({ node, imds, world: world.cluster }, ['--poll-interval', '200ms']);
    await agent.ready(20_000);
    imds.spot = interruption();
    await until(
      'every pod to be asked',
      async () =>
        (await podsIn(world.api, namespace)).every(
          ({ metadata }) => metadata.deletionTimestamp !== undefined,
        ),
      60_000,
    );
    const peakKib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]);
    expect(peakKib / 1024).to.be.below(100);
    await agent.stop();
    await imds.close();
  });
});
