import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentConfig } from '../../../src/config/agent-config.ts';
import { AgentService } from '../../../src/processes/agent/agent-service.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { fakeImds } from '../../peers/fake-imds.ts';
import { until } from '../../peers/until.ts';

describe('a drain that waits for a place in the budget', function () {
  this.timeout(90_000);

  it('asks for the place again and again, and neither for its Node nor for its pods', async () => {
    const home = mkdtempSync(join(tmpdir(), 'spot-waiting-'));
    const fake = await FakeKubernetes.started();
    const imds = await fakeImds();
    writeFileSync(join(home, 'kubeconfig'), fake.kubeconfig);
    fake.addNode('node', { spec: { providerID: `aws:///ap-south-1a/${imds.instanceId}` } });
    fake.addPod('web', 'node');
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    await fetch(`${fake.url}${leases}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: 'spot-expander-drain-zone-ap-south-1a-0',
          labels: { 'spot-expander.io/drain-slot': 'zone-ap-south-1a' },
        },
        spec: { holderIdentity: 'somebody' },
      }),
    });
    const flags = {
      ...{ node_name: 'node', imds_endpoint: imds.url, kubeconfig: join(home, 'kubeconfig') },
      ...{ http_listen: '127.0.0.1:0', state_dir: join(home, 'state'), poll_interval: '100ms' },
      ...{ min_node_age: '0s', load_balancer_wait: '0s', max_drains_per_zone: '1' },
    };
    const config = agentConfig({ flags, environment: {}, file: undefined });
    const service = await AgentService.create(config, {}, { log: silentLog });
    await service.start();
    const noticeTime = new Date().toISOString();
    imds.rebalance = () => ({ noticeTime });
    const asked = (path: string) =>
      fake.requests.filter((one) => one.method === 'GET' && one.path.startsWith(path)).length;
    await until('the place to be asked for three times', () => asked(leases) >= 3, 60_000);
    expect(asked('/api/v1/nodes/node')).to.be.at.most(2);
    expect(asked('/api/v1/pods')).to.equal(1);
    await service.stop();
    await imds.close();
    await fake.close();
  });
});
