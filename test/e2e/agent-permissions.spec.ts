/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { missingForCluster } from '../../scripts/cluster/binaries.ts';
import { signalAnnotation } from '../../src/drain/marks.ts';
import { kubeAccess } from '../../src/adapters/kubernetes/kube-access.ts';
import { kubeClient, type KubeCall } from '../../src/adapters/kubernetes/kube-client.ts';
import { agentProcess, doctor, killAgents } from '../peers/agent-process.ts';
import { clusterWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { collectionOf } from '../peers/manifest-collections.ts';
import { until } from '../peers/until.ts';
import { wantsCluster } from './agent-stories.ts';

const manifest = readFileSync(new URL('../../docs/agent-permissions.yaml', import.meta.url), 'utf8');

describe('the agent with exactly its documented permissions, against a real control plane', function () {
  this.timeout(90_000);
  let world: World | undefined;
  let imds: FakeImds;

  before(async function () {
    const missing = wantsCluster ? await missingForCluster() : ['--cluster was not asked for'];
    if (missing.length > 0) {
      console.log(`      skipped: ${missing.join('; ')}`);
      this.skip();
    }
    world = await clusterWorld();
    for (const document of parseAllDocuments(manifest)) {
      const object = document.toJS() as Parameters<typeof collectionOf>[0];
      await world.call('POST', collectionOf(object), object);
    }
  });
  beforeEach(async () => (imds = await fakeImds()));
  afterEach(async () => {
    killAgents();
    await imds.close();
  });
  after(() => world?.close());

  /** A kubeconfig with a token such as the kubelet gives a pod of the agent on that node. */
  async function asPodOn(node: string): Promise<string> {
    const pods = '/api/v1/namespaces/kube-system/pods';
    const pod = await world!.call('POST', pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `agent-${node}`, namespace: 'kube-system' },
      spec: {
        nodeName: node,
        serviceAccountName: 'spot-expander-agent',
        containers: [{ name: 'c', image: 'none' }],
        tolerations: [{ operator: 'Exists' }],
      },
    });
    const request = await world!.call(
      'POST',
      '/api/v1/namespaces/kube-system/serviceaccounts/spot-expander-agent/token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
        },
      },
    );
    const config = JSON.parse(readFileSync(world!.kubeconfig, 'utf8'));
    config.users[0].user = { token: request.status.token };
    const path = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'kubeconfig');
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  const flagsOf = (node: string, kubeconfig: string) => [
    '--node-name',
    node,
    '--imds-endpoint',
    imds.url,
    '--kubeconfig',
    kubeconfig,
    '--poll-interval',
    '200ms',
    '--pod-namespace',
    'kube-system',
    '--pod-name',
    `agent-${node}`,
    '--load-balancer-wait',
    '0s',
    '--min-node-age',
    '0s',
  ];

  it('does all of its work, and doctor finds nothing', async () => {
    await world!.addNode('mine', { instanceId: imds.instanceId });
    const kubeconfig = await asPodOn('mine');
    await world!.addPod('web', 'mine');
    const { code, text } = await doctor(flagsOf('mine', kubeconfig));
    expect(text).to.not.match(/^(FAIL|warn)/m);
    expect(code).to.equal(0);
    const one = await agentProcess(flagsOf('mine', kubeconfig));
    imds.rebalance = () => ({ noticeTime: new Date().toISOString() });
    await until(
      'the node to be empty but for the agent',
      async () => (await world!.podsOn('mine')).join() === 'agent-mine',
      20_000,
    );
    const events = () => world!.eventsOf('mine');
    await until('both Events', async () => (await events()).length === 2);
    expect(await one.metric('spot_agent_api_errors_total')).to.equal(0);
    expect(
      (await world!.node('mine')).status.conditions.some(
        (condition: any) => condition.type === 'spot-expander.io/SpotSignal',
      ),
    ).to.equal(true);
  });

  it('may not touch another Node, whatever it believes to be', async () => {
    await world!.addNode('home');
    await world!.addNode('other', { instanceId: 'i-0aaaaaaaaaaaaaaaa' });
    const kubeconfig = await asPodOn('home');
    imds.instanceId = 'i-0aaaaaaaaaaaaaaaa';
    // The API server takes some seconds to apply a policy that has just been made.
    const asAgent = kubeClient(await kubeAccess(kubeconfig, {}), {
      timeoutMs: 5_000,
      maxConnections: 1,
      userAgent: 'test',
    });
    const tried: KubeCall = {
      method: 'PATCH',
      path: '/api/v1/nodes/other?dryRun=All',
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { tried: 'yes' } } },
    };
    const never = new AbortController().signal;
    await until(
      'the policy to be in force',
      async () => JSON.stringify(await asAgent.call(tried, never)).includes('own Node'),
      20_000,
    );
    asAgent.close();
    const one = await agentProcess(flagsOf('other', kubeconfig));
    imds.spot = interruption(60_000);
    await until('the refusal', () => one.log.some((line) => line.includes('own Node')), 15_000);
    const { metadata, spec } = await world!.node('other');
    expect(metadata.annotations?.[signalAnnotation]).to.equal(undefined);
    expect(spec.unschedulable).to.not.equal(true);
    expect(await one.metric('spot_agent_forbidden_total', 'by="admission"')).to.be.greaterThan(0);
    expect(await one.metric('spot_agent_forbidden_total', 'by="permission"')).to.equal(0);
  });
});
