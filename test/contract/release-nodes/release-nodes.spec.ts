/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  atRiskLabel,
  drainSlotLabel,
  loadBalancerLabel,
  ownedAnnotation,
  signalAnnotation,
  signalCondition,
  signalTaintKey,
} from '../../../src/drain/marks.ts';
import { releaseNodesCommand } from '../../../src/processes/agent/release-nodes-command.ts';
import { runProgram } from '../../../src/processes/command-line.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { until } from '../../peers/until.ts';
import { commandContext } from '../commands/command-context.ts';
import { Command } from 'commander';

const mark = JSON.stringify({
  v: 1,
  kind: 'TERMINATION',
  id: 'spot-interruption/2036-03-01T10:02:00.000Z',
  source: 'spot-interruption',
  action: 'terminate',
  at: '2036-03-01T10:02:00.000Z',
  seen: '2036-03-01T10:00:00.000Z',
  marked: '2036-03-01T10:00:00.000Z',
  instance: 'i-0123456789abcdef0',
});

describe('release-nodes', () => {
  let fake: FakeKubernetes;
  let home: string;

  beforeEach(async () => {
    fake = await FakeKubernetes.started();
    home = mkdtempSync(join(tmpdir(), 'spot-release-'));
    writeFileSync(join(home, 'kubeconfig'), fake.kubeconfig);
  });
  afterEach(async () => {
    await fake.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function release(...flags: string[]) {
    const context = commandContext(home, { KUBECONFIG: join(home, 'kubeconfig') });
    const program = new Command('spot-expander').addCommand(
      releaseNodesCommand(context).configureOutput({
        writeErr: context.writeError,
        writeOut: context.writeOut,
      }),
    );
    await runProgram(program, ['release-nodes', ...flags], context);
    return { out: context.out(), error: context.error(), code: context.exitCode() };
  }

  function addMarked(name: string, owned: readonly string[] = ['cordon', 'taint', 'load-balancer-label']) {
    fake.addNode(name, {
      labels: { [loadBalancerLabel]: 'termination' },
      metadata: { annotations: { [signalAnnotation]: mark, [ownedAnnotation]: JSON.stringify(owned) } },
      spec: {
        unschedulable: true,
        taints: [
          { key: 'dedicated', value: 'x', effect: 'NoExecute' },
          { key: signalTaintKey, value: 'termination', effect: 'NoSchedule' },
        ],
      },
    });
    fake.update('Node', '', name, (node) =>
      node['status'].conditions.push({ type: signalCondition, status: 'True', reason: 'Termination' }),
    );
  }

  function isReleased(name: string): void {
    const { metadata, spec, status } = fake.node(name);
    expect(Object.keys(metadata.annotations ?? {})).to.deep.equal([]);
    expect(metadata.labels).to.not.have.property(loadBalancerLabel);
    expect(spec.unschedulable).to.not.equal(true);
    expect(spec.taints.map((taint: any) => taint.key)).to.deep.equal(['dedicated']);
    expect(status.conditions.map((condition: any) => condition.type)).to.deep.equal(['Ready']);
  }

  const lease = (name: string, over = {}) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'default', labels: { [drainSlotLabel]: 'total' } },
    spec: { holderIdentity: '' },
    ...over,
  });

  async function post(path: string, body: unknown): Promise<void> {
    const { status } = await fetch(`${fake.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    expect(status).to.equal(201);
  }
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

  it('takes back marks, cordons, taints, labels and conditions, and writes to no other node', async () => {
    for (const name of ['a', 'b']) addMarked(name);
    fake.addNode('other', { spec: { unschedulable: true } });
    const { out, code } = await release();
    expect(code).to.equal(0);
    expect(out).to.equal('2 nodes, 0 NodeClaims, 0 Leases released\n');
    for (const name of ['a', 'b']) isReleased(name);
    expect(fake.node('other')['spec'].unschedulable).to.equal(true);
    expect(fake.writes().filter(({ path }) => path.includes('/other'))).to.deep.equal([]);
  });

  it('leaves what a person had set', async () => {
    addMarked('a', ['taint', 'load-balancer-label']);
    await release();
    expect(fake.node('a')['spec'].unschedulable).to.equal(true);
  });

  it('removes a condition that stands alone after a revert', async () => {
    fake.addNode('a');
    fake.update('Node', '', 'a', (node) =>
      node['status'].conditions.push({ type: signalCondition, status: 'False', reason: 'NoSignal' }),
    );
    await release();
    expect(fake.node('a')['status'].conditions.map((one: any) => one.type)).to.deep.equal(['Ready']);
  });

  it('does nothing where nothing is ours, and nothing the second time', async () => {
    addMarked('a');
    await release();
    const before = fake.writes().length;
    const { out, code } = await release();
    expect({ out, code }).to.deep.equal({ out: '0 nodes, 0 NodeClaims, 0 Leases released\n', code: 0 });
    expect(fake.writes()).to.have.length(before);
  });

  it('looks again where somebody else wrote in between', async () => {
    addMarked('a');
    fake.conflicts = 3;
    const { code, out } = await release();
    expect(code).to.equal(0);
    expect(out).to.match(/^1 nodes/);
    isReleased('a');
  });

  it('reads more nodes than one page holds', async () => {
    for (let index = 0; index < 620; index += 1) fake.addNode(`node-${index}`);
    addMarked('z');
    await release();
    isReleased('z');
  });

  it('deletes the Leases of the drain budget and no other', async () => {
    await post(leases, lease('spot-expander-drain-total-0'));
    await post(leases, lease('other', { metadata: { name: 'other', namespace: 'default' } }));
    const { out } = await release();
    expect(out).to.match(/1 Leases/);
    expect(fake.all('Lease').map((one) => one['metadata'].name)).to.deep.equal(['other']);
  });

  it("takes the agent's label off NodeClaims and leaves another value alone", async () => {
    for (const [name, value] of [
      ['ours', 'rebalance'],
      ['theirs', 'yes'],
    ] as const) {
      fake.addNodeClaim(name);
      fake.update('NodeClaim', '', name, (claim) => (claim['metadata'].labels = { [atRiskLabel]: value }));
    }
    const { out } = await release();
    expect(out).to.match(/1 NodeClaims/);
    expect(fake.get('NodeClaim', '', 'ours')!['metadata'].labels).to.deep.equal({});
    expect(fake.get('NodeClaim', '', 'theirs')!['metadata'].labels[atRiskLabel]).to.equal('yes');
  });

  it('goes on without the right to look at NodeClaims', async () => {
    fake.denied.add('GET NodeClaim');
    addMarked('a');
    const { code, error } = await release();
    expect(code).to.equal(0);
    expect(error).to.include('NodeClaims may not be listed');
    isReleased('a');
  });

  it('looks again while its token is not taken', async () => {
    addMarked('a');
    fake.token = 'another';
    const running = release('--no-wait');
    await until('the refusal', () => fake.requests.some(({ status }) => status === 401));
    fake.token = undefined;
    const { code, error } = await running;
    expect(code, error).to.equal(0);
    expect(error).to.include('the API server cannot be used, trying on');
    isReleased('a');
  });

  it('dry run: says each thing and writes nothing', async () => {
    addMarked('a');
    await post(leases, lease('spot-expander-drain-total-0'));
    const before = fake.writes().length;
    const { out, error, code } = await release('--dry-run');
    expect(code).to.equal(0);
    expect(out).to.equal('1 nodes, 0 NodeClaims, 1 Leases would be released\n');
    expect(error)
      .to.match(/on node a: .*the cordon, the taint/)
      .and.include('Lease spot-expander-drain-total-0');
    expect(fake.writes()).to.have.length(before);
  });

  const agentPod = (release: string) => ({
    metadata: {
      labels: {
        'app.kubernetes.io/name': 'spot-expander',
        'app.kubernetes.io/component': 'agent',
        'app.kubernetes.io/instance': release,
      },
    },
  });

  it('waits until the last agent has ended', async () => {
    addMarked('a');
    fake.addPod('agent-1', 'a', agentPod('mine'));
    const running = release();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(fake.node('a')['spec'].unschedulable).to.equal(true);
    fake.remove('Pod', 'default', 'agent-1');
    const { code, error } = await running;
    expect(code).to.equal(0);
    expect(error).to.include('waiting for 1 agents to end: agent-1');
    isReleased('a');
  });

  it('does not wait for agents of another release, nor for one on a machine that has gone, nor with --no-wait', async () => {
    addMarked('a');
    fake.addPod('agent-other', 'a', agentPod('other'));
    fake.addPod('agent-ghost', 'a', agentPod('mine'));
    fake.update('Pod', 'default', 'agent-ghost', (pod) => {
      pod['metadata'].deletionTimestamp = new Date(Date.now() - 60_000).toISOString();
    });
    expect((await release('--instance-of', 'mine')).code).to.equal(0);
    isReleased('a');
    addMarked('b');
    expect((await release('--no-wait')).code).to.equal(0);
    isReleased('b');
  });

  it('ends with 1 and the reason when agents never end', async () => {
    fake.addPod('agent-1', 'a', agentPod('mine'));
    const { code, error } = await release('--timeout', '300ms');
    expect(code).to.equal(1);
    expect(error).to.include('not everything could be taken back within 0.3 s');
  });

  it('ends with 1 and names what may not be taken back, having taken back the rest', async () => {
    addMarked('a');
    await post(leases, lease('spot-expander-drain-total-0'));
    fake.denied.add('DELETE Lease');
    const { code, error, out } = await release();
    expect(code).to.equal(1);
    expect(out).to.match(/^1 nodes/);
    expect(error).to.include('not taken back: Lease spot-expander-drain-total-0');
    isReleased('a');
  });

  it('tries on while the API server is away', async () => {
    addMarked('a');
    fake.goAway();
    setTimeout(() => (fake.away = false), 500);
    const { code, error } = await release();
    expect(code).to.equal(0);
    expect(error).to.include('the API server cannot be used, trying on');
    isReleased('a');
  });

  it('ends with 2 when it is used wrongly', async () => {
    expect((await release('--timeout', 'soon')).code).to.equal(2);
    expect((await release('--concurrency', '0')).code).to.equal(2);
  });
});
