import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

agentStories('the metadata service', (story) => {
  it('host network off: a token that never arrives is told as the hop limit, IMDSv1 is never tried, and the agent lives on', async () => {
    const { imds, agentOn, addNode } = story();
    await addNode();
    imds.faults.set('token', 'hang');
    const one = await agentOn([], { imds_timeout: '150ms' });
    await until('the advice', () => one.log.some((line) => line.includes('HttpPutResponseHopLimit')));
    expect((await one.get('/healthz')).status).to.equal(200);
    expect((await one.get('/readyz')).status).to.equal(503);
    imds.faults.clear();
    await one.ready();
    expect(imds.requests.filter((request) => request.method === 'GET' && !request.hasToken)).to.deep.equal(
      [],
    );
  });

  it('without any good poll: alive, not ready, and the age of the poll grows', async () => {
    const { imds, agentOn, addNode } = story();
    await addNode();
    imds.faults.set('token', 'hang');
    const one = await agentOn();
    await until('the age to grow', async () => (await one.metric('spot_agent_poll_age_seconds')) > 0.3);
    expect((await one.get('/healthz')).status).to.equal(200);
    expect((await one.get('/readyz')).status).to.equal(503);
  });

  it('IMDSv2 only: every read carries a token, and an expired one is renewed', async () => {
    const { imds, agentOn, addNode, marked } = story();
    await addNode();
    const one = await agentOn();
    await one.ready();
    imds.expireTokens();
    imds.spot = interruption(20_000);
    await marked('TERMINATION');
    expect(imds.requests.filter((request) => request.method === 'GET' && !request.hasToken)).to.deep.equal(
      [],
    );
  });

  for (const fault of ['401', '503', 'hang', 'reset', 'garbled'] as const)
    it(`a storm of ${fault} from the metadata service: alive, not ready, and right again afterwards`, async () => {
      const { imds, agentOn, addNode, marked } = story();
      await addNode();
      const one = await agentOn([], { imds_timeout: '100ms' });
      await one.ready();
      imds.faults.set('meta-data', fault);
      await until('the agent to be not ready', async () => (await one.get('/readyz')).status === 503);
      expect((await one.get('/healthz')).status).to.equal(200);
      imds.faults.clear();
      imds.spot = interruption(30_000);
      await marked('TERMINATION');
      await one.ready();
    });

  it('a Node that is another instance: refuses to act and says so', async () => {
    const { world, imds, node, agentOn, addNode, addPod, pod, isUntouched } = story();
    await addNode({ instanceId: 'i-0ffffffffffffffff' });
    await addPod('web');
    const one = await agentOn();
    imds.spot = interruption(20_000);
    await until('the refusal', () => one.log.some((line) => line.includes('refusing to act')));
    await sleep(300);
    await isUntouched();
    expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
    expect(await one.metric('spot_agent_refusing')).to.equal(1);
  });
});
