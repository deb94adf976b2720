import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentProcess, killAgents } from '../peers/agent-process.ts';
import { fakeWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { asker } from './asked.ts';
import { bareEnvironment, served, type Served } from './served.ts';

const request = readFileSync(new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url));

/** Type and zone of the groups in the recorded request. */
const pools: Readonly<Record<string, readonly [instanceType: string, zone: string]>> = {
  'spot-c5-large-a': ['c5.large', 'ap-south-1a'],
  'spot-c5-large-b': ['c5.large', 'ap-south-1b'],
  'spot-c5-xlarge-b': ['c5.xlarge', 'ap-south-1b'],
  'spot-m5-large-c': ['m5.large', 'ap-south-1c'],
  'spot-m5-2xlarge-a': ['m5.2xlarge', 'ap-south-1a'],
  'spot-r5-large-b': ['r5.large', 'ap-south-1b'],
  'spot-m6g-large-a': ['m6g.large', 'ap-south-1a'],
  'spot-t3-medium-c': ['t3.medium', 'ap-south-1c'],
};

describe('the loop, on built processes', function () {
  this.timeout(60_000);
  let home: string;
  let world: World;
  let imds: FakeImds;
  let servers: Served[];

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'spot-loop-'));
    world = await fakeWorld();
    imds = await fakeImds();
    servers = [];
  });
  afterEach(async () => {
    killAgents();
    for (const one of servers) await one.stop();
    await imds.close();
    await world.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function server(): Promise<Served> {
    const one = await served(
      ['--kubeconfig', world.kubeconfig, '--risk-model', 'mock'],
      bareEnvironment(home),
    );
    servers.push(one);
    return one;
  }

  async function answer(from: Served): Promise<string> {
    const certificate = /"([^"]*localhost\.crt)"/.exec(from.lines.join('\n'))?.[1] ?? '';
    const one = asker(from.port, certificate);
    const ids = await one.bestOptions(request);
    one.close();
    return ids.join();
  }

  it('a notice on one node: the next scale-up avoids its pool, also after the server was restarted', async () => {
    const first = await server();
    const before = await answer(first);
    const [instanceType, zone] = pools[before] ?? ['', ''];
    expect(instanceType, `the answer ${before} is a Spot group`).to.not.equal('');
    Object.assign(imds, { instanceType, zone });
    await world.addNode('node-hot', {
      instanceId: imds.instanceId,
      zone,
      labels: { 'node.kubernetes.io/instance-type': instanceType },
    });
    await agentProcess([
      '--node-name',
      'node-hot',
      '--imds-endpoint',
      imds.url,
      '--kubeconfig',
      world.kubeconfig,
      '--poll-interval',
      '100ms',
    ]);
    imds.spot = interruption();
    await until(
      'the server to hear of it',
      () => first.lines.some((line) => line.includes(`${instanceType}@${zone} is hot`)),
      15_000,
    );
    const after = await answer(first);
    expect(pools[after]).to.not.deep.equal([instanceType, zone]);
    await first.stop();
    rmSync(join(home, '.local'), { recursive: true, force: true });
    const second = await server();
    await until(
      'the server to re-learn it',
      () => second.lines.some((line) => line.includes(`${instanceType}@${zone} is hot`)),
      15_000,
    );
    expect(await answer(second)).to.equal(after);
  });

  it('every pool hot: the answer is still never empty', async () => {
    const one = await server();
    let index = 0;
    for (const [instanceType, zone] of Object.values(pools)) {
      const seen = new Date().toISOString();
      await world.addNode(`node-${(index += 1)}`, {
        zone,
        labels: { 'node.kubernetes.io/instance-type': instanceType },
        annotations: {
          'spot-expander.io/signal': JSON.stringify({
            v: 1,
            kind: 'TERMINATION',
            id: 'x',
            source: 'spot-interruption',
            action: 'terminate',
            at: seen,
            seen,
            marked: seen,
          }),
        },
      });
    }
    await until(
      'all to be hot',
      () => one.lines.filter((line) => line.includes('is hot:')).length === 8,
      15_000,
    );
    expect(await answer(one)).to.not.equal('');
  });
});
