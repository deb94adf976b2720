/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
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

  function created(port: number, over: Readonly<Record<string, string>> = {}): Promise<AgentService> {
    const flags = {
      node_name: 'node',
      imds_endpoint: imds.url,
      kubeconfig: join(home, 'kubeconfig'),
      http_listen: `127.0.0.1:${port}`,
      state_dir: join(home, 'state'),
      poll_interval: '100ms',
      ...over,
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

  it('an IPv6 node whose providerID names no instance is known by its IPv6 address, where that was opted into', async () => {
    Object.assign(imds, { privateIp: '10.0.0.5', ipv6: '2001:db8:0:1:0:0:0:a', hostname: 'node-6.internal' });
    fake.addNode('node-6', {
      spec: { providerID: 'k3s://node-6' },
      status: { addresses: [{ type: 'InternalIP', address: '2001:db8:0:1::a' }] },
    });
    fake.addPod('six', 'node-6');
    const service = await created(0, { node_name: 'node-6', identify_by: 'address' });
    await service.start();
    imds.spot = interruption();
    await until(
      'the node to be empty',
      () => fake.all('Pod').every((pod) => pod['metadata'].name !== 'six'),
      10_000,
    );
    expect(fake.all('Pod')).to.have.length(1);
    await service.stop();
  });

  it('the one path that tells the IPv6 address may fail for ever: who has IPv4 is known by it', async () => {
    Object.assign(imds, { privateIp: '10.0.0.5', hostname: 'node-4' });
    imds.faults.set('/ipv6', '500');
    fake.addNode('node-4', {
      spec: { providerID: '' },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.0.5' }] },
    });
    const service = await created(0, { node_name: 'node-4', identify_by: 'address' });
    await service.start();
    imds.spot = interruption();
    await until('the node to be marked', () => fake.node('node-4')['spec'].unschedulable === true, 10_000);
    await service.stop();
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
