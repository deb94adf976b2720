import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { agentConfig } from '../../../src/config/agent-config.ts';
import { signalAnnotation } from '../../../src/drain/marks.ts';
import type { NodeCluster } from '../../../src/ports/node-cluster.ts';
import { agentAdapters } from '../../../src/processes/agent/agent-adapters.ts';
import { AgentService } from '../../../src/processes/agent/agent-service.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { fakeImds, interruption, type FakeImds } from '../../peers/fake-imds.ts';
import { until } from '../../peers/until.ts';

describe('a webhook of the cluster that strips the mark from every write of the Node', function () {
  this.timeout(30_000);
  let fake: FakeKubernetes;
  let imds: FakeImds;
  let service: AgentService;
  let writes: number;

  beforeEach(async () => {
    const home = mkdtempSync(join(tmpdir(), 'spot-written-over-'));
    fake = await FakeKubernetes.started();
    imds = await fakeImds();
    writes = 0;
    writeFileSync(join(home, 'kubeconfig'), fake.kubeconfig);
    fake.addNode('node', { spec: { providerID: `aws:///ap-south-1a/${imds.instanceId}` } });
    fake.addPod('web', 'node');
    const flags = {
      ...{ node_name: 'node', imds_endpoint: imds.url, kubeconfig: join(home, 'kubeconfig') },
      ...{ http_listen: '127.0.0.1:0', state_dir: join(home, 'state'), poll_interval: '100ms' },
      ...{ min_node_age: '0s', load_balancer_wait: '200ms', load_balancer_wait_evacuate: '200ms' },
    };
    const config = agentConfig({ flags, environment: {}, file: undefined });
    const { cluster } = await agentAdapters(config, {});
    const changeNode: NodeCluster['changeNode'] = (change, signal) => {
      writes += 1;
      const annotations = Object.fromEntries(
        Object.entries(change.annotations).filter(([key]) => key !== signalAnnotation),
      );
      return cluster.changeNode({ ...change, annotations }, signal);
    };
    service = await AgentService.create(config, {}, { log: silentLog, cluster: { ...cluster, changeNode } });
    await service.start();
  });
  afterEach(async () => {
    await service.stop();
    await imds.close();
    await fake.close();
  });

  it('a node that AWS takes is emptied all the same, and written at a bounded pace', async () => {
    imds.spot = interruption();
    await until('the node to be empty', () => fake.all('Pod').length === 0, 10_000);
    await sleep(5_000);
    expect(writes).to.be.within(3, 8);
  });

  it('a rebalance is drained all the same where the cordon stays, and written at a bounded pace', async () => {
    const noticeTime = new Date().toISOString();
    imds.rebalance = () => ({ noticeTime });
    await until('the node to be empty', () => fake.all('Pod').length === 0, 15_000);
    expect(writes).to.be.at.most(9);
  });
});
