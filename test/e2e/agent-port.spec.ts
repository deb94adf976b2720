import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { agentProcessOn, killAgents, type AgentProcess } from '../peers/agent-process.ts';
import { fakeWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';

const crowd = 2_300;

function rssMib(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

describe("the agent's own port", function () {
  this.timeout(120_000);
  let world: World;
  let imds: FakeImds;
  let agent: AgentProcess;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    world = await fakeWorld();
    imds = await fakeImds();
    await world.addNode('node', { instanceId: imds.instanceId });
    await world.addPod('web', 'node');
    agent = await agentProcessOn({ node: 'node', imds, world }, ['--poll-interval', '200ms']);
    await agent.ready();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    killAgents();
    await imds.close();
    await world.close();
  });

  function opened(says: string): Promise<Socket> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(agent.url).port), '127.0.0.1', () => {
        if (says !== '') socket.write(says);
        resolve(socket);
      });
      // One that had to give way before it was seen to be open ends without an error.
      socket.on('error', () => resolve(socket));
      socket.on('close', () => resolve(socket));
      sockets.push(socket);
    });
  }

  it(`${crowd} connections with unfinished headers: it lives, answers its probes, and drains`, async () => {
    for (let index = 0; index < crowd; index += 1)
      await opened(`GET /metrics HTTP/1.1\r\nhost: a\r\nx-${index}: ${'y'.repeat(1_000)}`);
    for (let probe = 0; probe < 5; probe += 1) expect((await agent.get('/healthz')).status).to.equal(200);
    imds.spot = interruption(30_000);
    await until('the node to be empty', async () => (await world.podsOn('node')).length === 0, 20_000);
    const open = sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === 'open');
    expect(open.length).to.be.below(100);
    expect(rssMib(agent.pid)).to.be.below(120);
  });

  it('a connection that says nothing, and one that takes nothing, are closed by themselves', async () => {
    const [silent, half] = [await opened(''), await opened('GET /healthz HTTP/1.1\r\n')];
    await until('both to be closed', () => silent.destroyed && half.destroyed, 15_000);
  });

  it('headers that are too long are refused, and the next request is answered', async () => {
    const long = await opened(`GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    const said = await new Promise<string>((resolve) => {
      let text = '';
      long.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      long.on('close', () => resolve(text));
    });
    expect(said).to.match(/^HTTP\/1\.1 431 /);
    expect((await agent.get('/healthz')).status).to.equal(200);
  });

  it('metrics at an address of their own: health alone is at the other', async () => {
    const apart = await agentProcessOn({ node: 'node', imds, world }, ['--metrics-listen', '127.0.0.1:0']);
    await apart.ready();
    expect((await apart.get('/metrics')).status).to.equal(404);
    expect((await apart.get('/healthz')).status).to.equal(200);
  });
});
