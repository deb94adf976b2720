import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { agentProcess, killAgents } from '../peers/agent-process.ts';
import { fakeWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

describe('the built agent on a machine whose clock is wrong', function () {
  this.timeout(60_000);
  let world: World;
  let imds: FakeImds;

  before(function () {
    if (existsSync(library)) return;
    console.log('      skipped: no libfaketime here; apt-get install libfaketime');
    this.skip();
  });
  beforeEach(async () => {
    world = await fakeWorld();
    imds = await fakeImds();
    await world.addNode('node', { instanceId: imds.instanceId });
    await world.addPod('db', 'node', { labels: { app: 'db' } });
    await world.addBudget('db', { app: 'db' }, 1);
  });
  afterEach(async () => {
    killAgents();
    await imds.close();
    await world.close();
  });

  for (const offset of ['+1h', '-1h'])
    it(`by ${offset}: a notice is no stale one, and what a budget blocks is asked before AWS's own deadline`, async () => {
      const one = await agentProcess(
        [
          ...['--node-name', 'node', '--imds-endpoint', imds.url, '--kubeconfig', world.kubeconfig],
          ...['--poll-interval', '200ms', '--deadline-margin', '1s', '--max-grace', '1s'],
        ],
        { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' },
      );
      await one.ready();
      const notice = interruption(8_000);
      imds.spot = notice;
      await until('the node to be empty', async () => (await world.podsOn('node')).length === 0, 15_000);
      expect(Date.now()).to.be.below(Date.parse(notice().time) + 500);
      expect(await one.metric('spot_agent_notices_total', 'kind="stale"')).to.equal(0);
      expect(one.log.some((line) => line.includes("this machine's clock is wrong"))).to.equal(true);
    });
});
