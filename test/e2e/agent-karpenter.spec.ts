/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

agentStories('Karpenter', (story) => {
  it('a Karpenter node: stamps the NodeClaim with the deadline and deletes it', async function () {
    const { world, imds, node, agentOn, addNode, addPod, pod } = story();
    if (world.fake === undefined) return this.skip();
    world.fake.addNodeClaim(`claim-${node}`);
    await addNode({
      owners: [{ apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: `claim-${node}`, uid: 'u' }],
    });
    await addPod('web');
    await agentOn();
    imds.spot = interruption(100_000);
    const claim = await until('the NodeClaim to go', () => {
      const seen = world.fake?.get('NodeClaim', '', `claim-${node}`);
      return seen?.['metadata'].deletionTimestamp !== undefined && seen;
    });
    const stamp = claim['metadata'].annotations['karpenter.sh/nodeclaim-termination-timestamp'] as string;
    expect(Date.parse(stamp)).to.be.within(Date.now() + 90_000, Date.now() + 100_000);
    await sleep(300);
    expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
  });

  it('a Karpenter node without an owner is recognised by its label', async function () {
    const { world, imds, node, agentOn, addNode } = story();
    if (world.fake === undefined) return this.skip();
    world.fake.addNodeClaim(`claim-${node}`, node);
    await addNode({ labels: { 'karpenter.sh/nodepool': 'default' } });
    await agentOn();
    imds.spot = interruption(100_000);
    await until(
      'the NodeClaim to go',
      () => world.fake?.get('NodeClaim', '', `claim-${node}`)?.['metadata'].deletionTimestamp !== undefined,
    );
  });

  async function karpenterPool(requirements: readonly unknown[]): Promise<void> {
    const { world, node, addNode, addPod } = story();
    await world.call('POST', '/apis/karpenter.sh/v1/nodepools', {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodePool',
      metadata: { name: `pool-${node}` },
      spec: { template: { spec: { requirements } } },
    });
    world.fake?.addNodeClaim(`claim-${node}`, node);
    await addNode({ labels: { 'karpenter.sh/nodepool': `pool-${node}` } });
    await addPod('web');
  }

  const riskOf = () => {
    const { world, node } = story();
    return world.fake?.get('NodeClaim', '', `claim-${node}`)?.['metadata'].labels?.[
      'spot-expander.io/at-risk'
    ];
  };

  it('a rebalance on a Karpenter node whose NodePool opted in: puts the NodeClaim at risk, evicts nothing, and takes it back', async function () {
    const { world, imds, node, agentOn, pod, marked, reverted } = story();
    if (world.fake === undefined) return this.skip();
    await karpenterPool([{ key: 'spot-expander.io/at-risk', operator: 'DoesNotExist' }]);
    const one = await agentOn([], { karpenter_rebalance: 'at-risk', rebalance_ttl: '3s' });
    imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
    await marked('REBALANCE');
    await until('the NodeClaim to be at risk', () => riskOf() === 'rebalance');
    await reverted();
    expect(riskOf()).to.equal(undefined);
    expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
    expect(await one.metric('spot_agent_evictions_total')).to.equal(0);
  });

  it('a rebalance on a Karpenter node whose NodePool has not opted in is drained as any other', async function () {
    const { world, imds, agentOn, emptied } = story();
    if (world.fake === undefined) return this.skip();
    await karpenterPool([]);
    await agentOn([], { karpenter_rebalance: 'at-risk' });
    imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
    await emptied();
    expect(riskOf()).to.equal(undefined);
  });

  it('a Karpenter node whose NodeClaim may not be deleted is drained as any other', async function () {
    const { world, imds, node, agentOn, addNode, addPod, emptied } = story();
    if (world.fake === undefined) return this.skip();
    world.fake.addNodeClaim(`claim-${node}`);
    world.fake.denied.add('PATCH NodeClaim');
    await addNode({
      owners: [{ apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: `claim-${node}`, uid: 'u' }],
    });
    await addPod('web');
    await agentOn();
    imds.spot = interruption(100_000);
    await emptied();
    world.fake.denied.clear();
  });
});
