/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { loadBalancerLabel, ownedAnnotation, signalTaintKey } from '../../src/drain/marks.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

agentStories('a rebalance recommendation', (story) => {
  it('rebalance, then an interruption: the notice escalates the drain that a budget holds up', async () => {
    const { world, imds, node, agentOn, addNode, refused, addHeldPod, marked, emptied } = story();
    await addNode();
    await addHeldPod('a');
    const one = await agentOn([], { at_deadline: 'delete' });
    imds.rebalance = () => ({ noticeTime: new Date().toISOString() });
    await marked('REBALANCE');
    await refused(one);
    imds.spot = interruption(5_000);
    await marked('TERMINATION');
    await emptied();
    expect(JSON.parse((await world.node(node)).metadata.annotations[ownedAnnotation])).to.include('cordon');
    expect(await one.metric('spot_agent_notices_total', 'kind="rebalance"')).to.equal(1);
    expect(await one.metric('spot_agent_deletions_total', 'result="deleted"')).to.equal(1);
    await world.removeBudget(node);
  });

  it('rebalance: drains within the budget, gives its place back, and waits where there is none', async () => {
    const { world, imds, agentOn, addNode, addPod, marked, emptied } = story();
    await addNode({ zone: 'ap-south-1c' });
    await addPod('web');
    const one = await agentOn([], { max_drains: 1, max_drains_per_zone: 1, pod_namespace: 'default' });
    imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
    await marked('REBALANCE');
    await emptied();
    await until('the places to be free', async () =>
      (await world.leases()).every((lease) => (lease.spec.holderIdentity ?? '') === ''),
    );
    expect((await world.leases()).length).to.be.at.least(2);
    expect(await one.metric('spot_agent_evictions_total', 'result="evicted"')).to.equal(1);
  });

  it('rebalance without the right to a place in the budget: marks, waits, and does not storm the API server', async function () {
    const { world, imds, node, agentOn, addNode, addPod, pod, marked } = story();
    if (world.fake === undefined) return this.skip();
    world.fake.denied.add('GET Lease');
    await addNode();
    await addPod('web');
    const one = await agentOn();
    imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
    await marked('REBALANCE');
    await sleep(1_500);
    expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
    expect(await one.metric('spot_agent_draining', 'decision="DRAIN"')).to.equal(1);
    expect(await one.metric('spot_agent_waiting_for_place')).to.equal(1);
    expect(await one.metric('spot_agent_forbidden_total', 'by="permission"')).to.equal(1);
    expect(
      world.fake.requests.filter((one) => one.path.includes('leases') && one.status === 403),
    ).to.have.length(1);
    world.fake.denied.clear();
  });

  it('a node that a person cordoned stays cordoned after a revert', async () => {
    const { world, imds, node, agentOn, addNode, marked, reverted } = story();
    await addNode({
      spec: { unschedulable: true, taints: [{ key: 'mine', value: 'x', effect: 'NoExecute' }] },
    });
    await agentOn([], { rebalance_ttl: '1s' });
    imds.rebalance = () => ({ noticeTime: new Date().toISOString() });
    await marked('REBALANCE');
    await reverted();
    const { spec, metadata } = await world.node(node);
    expect(spec.unschedulable).to.equal(true);
    expect(spec.taints.filter((taint: any) => taint.key === 'mine')).to.have.length(1);
    expect(spec.taints.map((taint: any) => taint.key)).to.not.include(signalTaintKey);
    expect(metadata.labels).to.not.have.property(loadBalancerLabel);
  });

  it('a rebalance without a notice is reverted after its time to live, once and for good', async () => {
    const { world, imds, node, agentOn, addNode, marked, reverted, isUntouched } = story();
    await addNode();
    const one = await agentOn([], { rebalance_ttl: '1s' });
    imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
    await marked('REBALANCE');
    await reverted();
    await isUntouched();
    await until('the Event of the revert', async () =>
      (await world.eventsOf(node)).some((event) => event.reason === 'SpotSignalReverted'),
    );
    await sleep(700);
    await isUntouched();
    await one.stop();
    const second = await agentOn([], { rebalance_ttl: '1s' });
    await second.ready();
    await sleep(500);
    await isUntouched();
    expect(await one.metric('x').catch(() => 'gone')).to.equal('gone');
  });
});
