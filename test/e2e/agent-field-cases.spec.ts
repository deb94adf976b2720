import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { handledAnnotation, signalAnnotation } from '../../src/drain/marks.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

const page = '<html>\r\n<title>502</title>\r\n</html>\r\n';

agentStories('what the field has met', (story) => {
  for (const [when, token] of [
    ['HTML with line ends', page],
    ['a word with a line end behind it', 'token-of-nobody\n'],
    ['an empty answer', ''],
  ] as const)
    for (const isFirst of [true, false])
      it(`a token that is none, ${when}, ${isFirst ? 'as the first answer' : 'when one is renewed'}: asked for again, and a later notice is acted on`, async () => {
        const { imds, agentOn, addNode, addPod, marked, emptied } = story();
        await addNode();
        await addPod('web');
        if (isFirst) imds.nextTokens.push(token);
        const one = await agentOn();
        if (!isFirst) {
          await one.ready();
          imds.nextTokens.push(token);
          imds.expireTokens();
          await until('the token to be asked for', () => imds.nextTokens.length === 0);
        }
        imds.spot = interruption(30_000);
        await marked('TERMINATION');
        await emptied();
        expect((await one.get('/healthz')).status).to.equal(200);
        if (when.startsWith('HTML'))
          expect(await one.metric('spot_agent_poll_problems_total', 'problem="token-garbled"')).to.be.at.most(
            4,
          );
      });

  for (const [path, fault] of [
    ['recommendations/rebalance', '500'],
    ['recommendations/rebalance', 'hang'],
    ['target-lifecycle-state', '403'],
    ['target-lifecycle-state', 'garbled'],
    ['maintenance/scheduled', 'garbled'],
  ] as const)
    it(`${path} answers ${fault} for ever: the Spot notice is seen within two polls all the same`, async () => {
      const { imds, agentOn, addNode, marked } = story();
      await addNode();
      imds.faults.set(path, fault);
      const one = await agentOn([], { imds_timeout: '3s' });
      await one.ready();
      // Until its failures have stretched its own pause to the longest.
      await sleep(6_000);
      const shownMs = Date.now();
      imds.spot = interruption(30_000);
      await until(
        'the notice',
        async () => (await one.metric('spot_agent_notices_total', 'kind="spot-interruption"')) === 1,
      );
      expect(Date.now() - shownMs).to.be.below(2_000);
      await marked('TERMINATION');
    });

  it('half a Node for an answer is no other instance: asked again at once', async function () {
    const { world, imds, agentOn, addNode, addPod, emptied } = story();
    if (world.fake === undefined) return this.skip();
    await addNode();
    await addPod('web');
    const one = await agentOn();
    await one.ready();
    world.fake.halves.push('/api/v1/nodes/', '/api/v1/nodes/', '/api/v1/nodes/');
    imds.spot = interruption(30_000);
    await emptied(8_000);
    expect(await one.metric('spot_agent_refusing')).to.equal(0);
  });

  it('an eviction that is to be asked for again in an hour: the deadline decides', async function () {
    const { world, imds, agentOn, addNode, addHeldPod, emptied, refused, node } = story();
    if (world.fake === undefined) return this.skip();
    await addNode();
    await addHeldPod('db');
    world.fake.retryAfterSeconds = 3_600;
    const one = await agentOn();
    imds.spot = interruption(8_000);
    await refused(one);
    await emptied(12_000);
    expect(await one.metric('spot_agent_missed_deadlines_total')).to.equal(0);
    world.fake.retryAfterSeconds = undefined;
    await world.removeBudget(node);
  });

  it('a proxy in the environment that is none of ours, and no webhook: it starts', async () => {
    const { imds, addNode, marked, agentOn, addPod } = story();
    await addNode();
    await addPod('web');
    await agentOn([], { webhook_proxy: 'socks5://10.0.0.1:1080', log_level: 'INFO' });
    imds.spot = interruption(30_000);
    await marked('TERMINATION');
  });

  it('a mark that somebody else wrote, found after a restart: no pod is evicted past its budget, and the mark goes', async () => {
    const { world, imds, node, agentOn, addNode, addHeldPod, pod, reverted } = story();
    await addNode();
    await addHeldPod('db');
    const at = new Date(Date.now() + 3_000).toISOString();
    const mark = { v: 1, kind: 'TERMINATION', id: `spot-interruption/${at}`, source: 'spot-interruption' };
    await world.changeNode(node, {
      metadata: {
        annotations: {
          [signalAnnotation]: JSON.stringify({
            ...mark,
            ...{ action: 'terminate', at, seen: at, marked: at, deadline: at },
            ...{ instance: imds.instanceId, owner: 'spot-expander-agent' },
          }),
        },
      },
    });
    const one = await agentOn();
    await reverted();
    await sleep(3_500);
    expect(await world.podsOn(node)).to.deep.equal([pod('db')]);
    expect(await one.metric('spot_agent_evictions_total')).to.equal(0);
    expect(await one.metric('spot_agent_unproven_marks_total')).to.equal(1);
    await world.removeBudget(node);
  });

  it('a termination that somebody else calls done is acted on', async () => {
    const { world, imds, node, agentOn, addNode, addPod, emptied } = story();
    await addNode();
    await addPod('web');
    const notice = interruption(30_000);
    const id = `spot-interruption/${new Date(notice().time).toISOString()}`;
    await world.changeNode(node, {
      metadata: { annotations: { [handledAnnotation]: JSON.stringify([id]) } },
    });
    await agentOn();
    imds.spot = notice;
    await emptied();
  });

  it('the metadata service away after a restart: a mark of its own is gone on with, by the key that it kept', async () => {
    const { imds, agentOn, addNode, addHeldPod, refused, marked, emptied, world, node } = story();
    await addNode();
    await addHeldPod('db');
    const first = await agentOn();
    imds.spot = interruption(15_000);
    await marked('TERMINATION');
    await refused(first);
    await first.stop('SIGKILL');
    imds.faults.set('meta-data', '503');
    await agentOn([], { imds_timeout: '200ms' });
    await emptied(25_000);
    await world.removeBudget(node);
  });
});
