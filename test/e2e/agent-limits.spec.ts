import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ownBytes } from '../../bench/process-costs.ts';
import { agentFleet } from '../peers/agent-fleet.ts';
import { agentProcess, killAgents } from '../peers/agent-process.ts';
import { fakePodWorld, fakeWorld } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';

/* What does not depend on how busy the machine is; bench/agent-limits.ts measures the times. */

describe('200 agents at once', function () {
  this.timeout(90_000);

  it('are all marked, each with one write of its Node, and ask a bounded number of things', async () => {
    const world = await fakeWorld();
    const fleet = await agentFleet(world, 200);
    await until('all to poll', () => fleet.agents.every(({ imds }) => imds.requests.length > 0), 30_000);
    const fake = world.fake!;
    await until(
      'all to have read their Node',
      () => fake.requests.filter((one) => one.method === 'GET').length >= 200,
      30_000,
    );
    const from = fake.requests.length;
    for (const { imds } of fleet.agents) imds.spot = interruption();
    await until('all to be marked', () => fleet.agents.every((one) => one.markedAtMs() > 0), 60_000);
    await sleep(2_000);
    expect(fleet.agents.filter((one) => one.nodeWrites() !== 1)).to.have.length(0);
    const seen = fake.requests.slice(from);
    const writes = seen.filter((one) => one.method !== 'GET').length;
    expect(writes / 200).to.be.at.most(5);
    expect((seen.length - writes) / 200).to.be.at.most(15);
    await fleet.stop();
    await world.close();
  });
});

describe('the built agent: what it costs', function () {
  this.timeout(60_000);
  let world: Awaited<ReturnType<typeof fakePodWorld>>;
  let imds: FakeImds;

  before(async () => {
    world = await fakePodWorld();
    imds = await fakeImds();
    await world.addNode('node', { instanceId: imds.instanceId });
    await Promise.all(Array.from({ length: 110 }, (_, index) => world.addPod(`pod-${index}`, 'node')));
  });
  after(async () => {
    killAgents();
    await imds.close();
    await world.close();
  });

  it('in a pod, asks the API server nothing while idle, one read and one write mark the node, and memory stays below 80 MB', async () => {
    const { flags, environment } = world.inPod;
    const place = ['--node-name', 'node', '--imds-endpoint', imds.url, '--poll-interval', '100ms'];
    const one = await agentProcess([...place, ...flags], environment);
    await one.ready();
    const fake = world.fake!;
    // The Node is looked at once when every document of the metadata service has been read.
    await until(
      'the first look at the Node',
      () => fake.requests.some(({ path }) => path === '/api/v1/nodes/node'),
      20_000,
    );
    await sleep(500);
    const from = fake.requests.length;
    await sleep(2_000);
    expect(fake.requests.slice(from)).to.deep.equal([]);
    imds.spot = interruption();
    await until(
      'every pod to be asked',
      async () => (await one.metric('spot_agent_evictions_total', 'result="evicted"')) === 110,
      20_000,
    );
    const calls = fake.requests.slice(from).filter((request) => !request.path.includes('/events'));
    expect(calls.slice(0, 2).map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      'GET /api/v1/nodes/node',
      'PATCH /api/v1/nodes/node',
    ]);
    expect(calls.filter((call) => call.path.endsWith('/eviction'))).to.have.length(110);
    const peakKib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one.pid}/status`, 'utf8'))?.[1]);
    expect((peakKib * 1024) / 1e6).to.be.below(80);
  });

  it('as the chart starts it, has less than 16 MB of its own while idle: what reads its settings is forgotten', async () => {
    imds.spot = undefined;
    await world.addNode('idle', { instanceId: imds.instanceId });
    const { flags, environment } = world.inPod;
    const config = join(tmpdir(), 'agent-of-its-own.yaml');
    writeFileSync(config, 'poll_interval: 2s\nmax_drains: 5\n');
    const place = ['--config', config, '--node-name', 'idle', '--imds-endpoint', imds.url];
    const one = await agentProcess([...place, ...flags], environment);
    await one.ready();
    // V8 takes back what the start has left some seconds later.
    await until('its own memory to be below 16 MB', () => ownBytes(one.pid).private < 16e6, 40_000);
  });
});
