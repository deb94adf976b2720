/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

agentStories('restarts and conflicts', (story) => {
  it('kill −9 in the middle of a drain: the next agent goes on and repeats nothing', async () => {
    const { world, imds, node, agentOn, addNode, refused, addHeldPod, markOf, marked, emptied } = story();
    await addNode();
    await addHeldPod('a');
    const first = await agentOn();
    imds.spot = interruption(8_000);
    await marked('TERMINATION');
    await refused(first);
    await first.stop('SIGKILL');
    const before = await markOf();
    const second = await agentOn();
    await emptied();
    expect(await markOf()).to.deep.equal(before);
    expect(await second.metric('spot_agent_marks_total', 'result="marked"')).to.equal(0);
    expect(await second.metric('spot_agent_notices_total', 'kind="spot-interruption"')).to.be.at.most(1);
    expect((await world.eventsOf(node)).filter((one) => one.reason === 'SpotTermination')).to.have.length(1);
    await world.removeBudget(node);
  });

  it('SIGTERM in the middle of an evacuation: carries it to its end, then ends', async () => {
    const { world, imds, node, agentOn, addNode, refused, addHeldPod, marked } = story();
    await addNode();
    await addHeldPod('a');
    const one = await agentOn();
    imds.spot = interruption(6_000);
    await marked('TERMINATION');
    await refused(one);
    const code = await one.stop('SIGTERM');
    expect(code).to.equal(0);
    expect(await world.podsOn(node)).to.deep.equal([]);
    await world.removeBudget(node);
  });

  it('SIGTERM while nothing stands: ends at once', async () => {
    const { agentOn, addNode } = story();
    await addNode();
    const one = await agentOn();
    await one.ready();
    const atMs = Date.now();
    expect(await one.stop('SIGTERM')).to.equal(0);
    expect(Date.now() - atMs).to.be.lessThan(3_000);
  });

  it('the API server away when the notice comes: goes on trying and marks first when it is back', async () => {
    const { world, imds, node, agentOn, addNode, addPod, marked, emptied } = story();
    await addNode();
    await addPod('web');
    const one = await agentOn([], { api_timeout: '2s' });
    await one.ready();
    world.goAway();
    imds.spot = interruption(60_000);
    await until(
      'the notice',
      async () => (await one.metric('spot_agent_notices_total', 'kind="spot-interruption"')) === 1,
    );
    await sleep(world.fake === undefined ? 30_000 : 2_000);
    world.comeBack();
    await marked('TERMINATION');
    await emptied();
    expect((await one.get('/healthz')).status).to.equal(200);
    if (world.fake === undefined) return;
    const writes = world.fake.writes().filter((write) => write.path.includes(node));
    expect(writes[0]).to.include({ method: 'PATCH', path: `/api/v1/nodes/${node}` });
  });

  it('a Node that others write to at the same time is marked all the same', async function () {
    const { world, imds, agentOn, addNode, marked } = story();
    if (world.fake === undefined) return this.skip();
    await addNode();
    world.fake.conflicts = 2;
    const one = await agentOn();
    imds.spot = interruption(20_000);
    await marked('TERMINATION');
    expect(await one.metric('spot_agent_marks_total', 'result="conflict"')).to.equal(2);
    world.fake.conflicts = 0;
  });
});
