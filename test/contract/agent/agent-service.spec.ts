import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentConfig } from '../../../src/config/agent-config.ts';
import { AgentService } from '../../../src/processes/agent/agent-service.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { fakeImds, interruption, type FakeImds } from '../../peers/fake-imds.ts';
import { until } from '../../peers/until.ts';

describe('the agent as an object', function () {
  this.timeout(30_000);
  let home: string;
  let fake: FakeKubernetes;
  let imds: FakeImds;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'spot-agent-service-'));
    fake = await FakeKubernetes.started();
    imds = await fakeImds();
    writeFileSync(join(home, 'kubeconfig'), fake.kubeconfig);
    fake.addNode('node', { spec: { providerID: `aws:///ap-south-1a/${imds.instanceId}` } });
    fake.addPod('web', 'node');
  });
  afterEach(async () => {
    await imds.close();
    await fake.close();
    rmSync(home, { recursive: true, force: true });
  });

  function created(port: number): Promise<AgentService> {
    const flags = {
      node_name: 'node',
      imds_endpoint: imds.url,
      kubeconfig: join(home, 'kubeconfig'),
      http_listen: `127.0.0.1:${port}`,
      state_dir: join(home, 'state'),
      poll_interval: '100ms',
    };
    const config = agentConfig({ flags, environment: {}, file: undefined });
    return AgentService.create(config, {}, { log: silentLog });
  }

  it('is created, started, drains its node, and is stopped with nothing left behind', async () => {
    const service = await created(0);
    await service.start();
    imds.spot = interruption();
    await until('the node to be empty', () => fake.all('Pod').length === 0, 10_000);
    await service.stop();
    const reads = imds.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(imds.requests.length).to.equal(reads);
  });

  it('a port that somebody else has taken keeps it from nothing, and is used once it is free', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const service = await created(port);
    await service.start();
    imds.spot = interruption();
    await until('the node to be empty', () => fake.all('Pod').length === 0, 10_000);
    squatter.close();
    await until(
      'its own health page',
      async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.status === 200,
      10_000,
    );
    await service.stop();
  });
});
