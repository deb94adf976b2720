import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { agentProcessOn, killAgents } from '../peers/agent-process.ts';
import { fakeWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';

const pods = 110;

/** The most that a pod can carry; in many small parts it costs the most to read. */
function variables(parts: number): readonly { readonly name: string; readonly value: string }[] {
  const value = '"}],{['.repeat(Math.ceil(1_000_000 / parts / 6));
  return Array.from({ length: parts }, (_, index) => ({ name: `VARIABLE_${index}`, value }));
}

describe(`${pods} pods of 1.5 MB on a node`, function () {
  this.timeout(240_000);
  let world: World;
  let imds: FakeImds;

  before(async () => {
    world = await fakeWorld();
    imds = await fakeImds();
    await world.addNode('node', { instanceId: imds.instanceId });
    const [few, many] = [variables(2), variables(30_000)];
    for (let index = 0; index < pods; index += 1)
      world.fake!.addPod(`pod-${index}`, 'node', {
        spec: { containers: [{ name: 'c', image: 'none', env: index % 20 === 0 ? many : few }] },
      });
  });
  after(async () => {
    killAgents();
    await imds.close();
    await world.close();
  });

  it('are all asked to leave, and the agent stays within 160 MiB', async () => {
    const one = await agentProcessOn({ node: 'node', imds, world }, ['--poll-interval', '200ms']);
    await one.ready();
    imds.spot = interruption();
    await until(
      'every pod to be asked',
      async () => (await one.metric('spot_agent_evictions_total', 'result="evicted"')) === pods,
      100_000,
    );
    const peakKib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one.pid}/status`, 'utf8'))?.[1]);
    console.log(`      peak ${Math.round(peakKib / 1024)} MiB`);
    expect(peakKib / 1024).to.be.below(160);
  });
});
