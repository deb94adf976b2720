/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { agentProcess, doctor } from '../peers/agent-process.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

agentStories('how it is started', (story) => {
  it('dry run: says every step and writes nothing', async () => {
    const { world, imds, node, agentOn, addNode, addPod, pod, isUntouched } = story();
    await addNode();
    await addPod('web');
    const one = await agentOn(['--dry-run']);
    imds.spot = interruption(20_000);
    await until('the eviction to be said', () => one.log.some((line) => line.includes('dry run: evict')));
    await isUntouched();
    expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
    expect(await world.eventsOf(node)).to.deep.equal([]);
  });

  it('cordon only: marks and cordons and evicts nothing', async () => {
    const { world, imds, node, agentOn, addNode, addPod, pod, marked } = story();
    await addNode();
    await addPod('web');
    const one = await agentOn(['--cordon-only']);
    imds.spot = interruption(20_000);
    await marked('TERMINATION');
    await sleep(400);
    expect((await world.node(node)).spec.unschedulable).to.equal(true);
    expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
    expect(await one.metric('spot_agent_evictions_total')).to.equal(0);
  });

  it('doctor: says what is well and what is broken, and ends with 1 when the agent could not work', async () => {
    const { world, imds, node, addNode } = story();
    const flags = ['--imds-endpoint', imds.url, '--kubeconfig', world.kubeconfig, '--node-name'];
    await addNode();
    const well = await doctor([...flags, node]);
    expect(well.code, well.text).to.equal(0);
    expect(well.text)
      .to.match(new RegExp(`^ok {4}metadata service: ${imds.instanceId}`))
      .and.match(/^ok {4}may create pods\/eviction/m);
    const broken = await doctor([...flags, 'no-such-node', '--json']);
    expect(broken.code).to.equal(1);
    expect(JSON.parse(broken.text)).to.deep.include.members([
      {
        check: 'node',
        verdict: 'broken',
        detail: 'there is no Node no-such-node: give the name the kubelet registered under (spec.nodeName)',
      },
    ]);
  });

  it('in a pod’s words: the Node from NODE_NAME, the cluster from a KUBECONFIG of two files', async () => {
    const { world, imds, node, keep, addNode, marked } = story();
    await addNode();
    const first = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'first');
    writeFileSync(first, JSON.stringify({ apiVersion: 'v1', kind: 'Config' }));
    const one = await agentProcess(['--imds-endpoint', imds.url, '--poll-interval', '200ms'], {
      NODE_NAME: node,
      KUBECONFIG: `${first}:${world.kubeconfig}`,
    });
    keep(one);
    imds.spot = interruption();
    await marked('TERMINATION');
  });
});
