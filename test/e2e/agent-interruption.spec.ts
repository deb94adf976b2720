/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  loadBalancerLabel,
  ownedAnnotation,
  signalCondition,
  signalTaintKey,
} from '../../src/drain/marks.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { agentStories, isTerminating } from './agent-stories.ts';

agentStories('an interruption notice', (story) => {
  it('spot interruption: marks, cordons, taints, leaves the load balancer, evicts, and counts each thing exactly once', async () => {
    const { world, imds, node, agentOn, addNode, addPod, markOf, marked, emptied } = story();
    await addNode();
    await addPod('web');
    await addPod('db');
    const one = await agentOn();
    await one.ready();
    imds.spot = interruption(20_000);
    await marked('TERMINATION');
    const { metadata, spec, status } = await until('the condition', async () => {
      const seen = await world.node(node);
      return seen.status.conditions?.some((condition: any) => condition.type === signalCondition) && seen;
    });
    expect(spec.unschedulable).to.equal(true);
    expect(spec.taints).to.deep.include({
      key: signalTaintKey,
      value: 'termination',
      effect: 'NoSchedule',
    });
    expect(metadata.labels[loadBalancerLabel]).to.equal('termination');
    expect(JSON.parse(metadata.annotations[ownedAnnotation])).to.have.members([
      'cordon',
      'taint',
      'load-balancer-label',
    ]);
    expect(status.conditions.find((condition: any) => condition.type === signalCondition)).to.include({
      status: 'True',
      reason: 'Termination',
    });
    expect(await markOf()).to.include({
      source: 'spot-interruption',
      action: 'terminate',
      instance: imds.instanceId,
    });
    await emptied();
    await until(
      'notice-to-empty',
      async () => (await one.metric('spot_agent_notice_to_empty_seconds_count')) === 1,
    );
    expect(await one.metric('spot_agent_notices_total', 'kind="spot-interruption"')).to.equal(1);
    expect(await one.metric('spot_agent_marks_total', 'result="marked"')).to.equal(1);
    expect(await one.metric('spot_agent_notice_to_mark_seconds_count')).to.equal(1);
    expect(await one.metric('spot_agent_evictions_total', 'result="evicted"')).to.equal(2);
    expect(await one.metric('spot_agent_lead_time_left_seconds_count')).to.equal(1);
    expect(await one.metric('spot_agent_notice_lead_seconds_count')).to.equal(1);
    expect(await one.metric('spot_agent_notice_lead_seconds_sum')).to.be.within(1, 120);
    expect(await one.metric('spot_agent_draining', 'decision="EVACUATE"')).to.equal(1);
    expect(await one.metric('spot_agent_forbidden_total')).to.equal(0);
    expect(await one.metric('spot_agent_missed_deadlines_total')).to.equal(0);
  });

  it('events: each thing is told once, also by an agent that was restarted', async () => {
    const { world, imds, node, agentOn, addNode, addPod, emptied } = story();
    await addNode();
    await addPod('web');
    const first = await agentOn();
    await first.ready();
    imds.spot = interruption(30_000);
    await emptied();
    const reasons = async () => (await world.eventsOf(node)).map((event) => event.reason).sort();
    await until('both Events', async () => (await reasons()).length === 2);
    await first.stop('SIGKILL');
    const second = await agentOn();
    await until(
      'the second to see it empty',
      async () => (await second.metric('spot_agent_notice_to_empty_seconds_count')) === 1,
    );
    await sleep(300);
    expect(await reasons()).to.deep.equal(['SpotNodeDrained', 'SpotTermination']);
  });

  it('Auto Scaling target state Terminated: evacuates as for an interruption, once', async () => {
    const { imds, agentOn, addNode, addPod, marked, emptied } = story();
    await addNode();
    await addPod('web');
    const one = await agentOn();
    imds.groupState = 'Terminated';
    await marked('TERMINATION');
    await emptied();
    await sleep(500);
    expect(await one.metric('spot_agent_notices_total', 'kind="group-termination"')).to.equal(1);
    expect(await one.metric('spot_agent_marks_total', 'result="marked"')).to.equal(1);
  });

  it('webhook: a template, a secret header and a proxy; it never delays the drain', async () => {
    const { imds, node, agentOn, addNode, addPod, emptied } = story();
    const seen: { headers: IncomingMessage['headers']; body: string; url: string }[] = [];
    const proxy: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ headers: request.headers, body, url: request.url ?? '' });
        setTimeout(() => response.end(), 3_000);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const secret = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'headers');
    writeFileSync(secret, 'Authorization: Bearer hush\n');
    await addNode();
    await addPod('web');
    await agentOn([], {
      webhook_url: 'http://hooks.invalid/spot',
      webhook_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      webhook_headers_file: secret,
      webhook_template: '{"text":"{{reason}} on {{node}}: {{message}}"}',
    });
    imds.spot = interruption(20_000);
    const first = await until('the webhook', () => seen[0]);
    await emptied(2_500);
    expect(first.url).to.equal('http://hooks.invalid/spot');
    expect(first.headers).to.include({ authorization: 'Bearer hush', host: 'hooks.invalid' });
    expect(JSON.parse(first.body).text).to.match(
      new RegExp(`^SpotTermination on ${node}: AWS will terminate`),
    );
    proxy.closeAllConnections();
    proxy.close();
  });

  it('a disruption budget at the deadline: respected until then, then overruled, and counted', async () => {
    const { world, imds, node, agentOn, addNode, refused, addHeldPod, pod, marked, emptied } = story();
    await addNode();
    await addHeldPod('a');
    const one = await agentOn();
    const endsAtMs = Date.now() + 6_000;
    const terminating = world.podOnce(pod('a'), isTerminating);
    imds.spot = interruption(6_000);
    await marked('TERMINATION');
    await refused(one);
    expect(await world.podsOn(node)).to.deep.equal([pod('a')]);
    await emptied();
    // The API server's own words, in whole seconds: a slow look at it is not a late deletion.
    const { deletionTimestamp, deletionGracePeriodSeconds } = (await terminating).metadata;
    const askedAtMs = Date.parse(deletionTimestamp) - 1_000 * deletionGracePeriodSeconds;
    expect(askedAtMs).to.be.within(endsAtMs - 4_500, endsAtMs);
    expect(await one.metric('spot_agent_deletions_total', 'result="deleted"')).to.equal(1);
    await world.removeBudget(node);
  });

  it('a grace period longer than the time left is clamped', async () => {
    const { world, imds, agentOn, addNode, addPod, pod } = story();
    await addNode();
    await addPod('slow', { spec: { terminationGracePeriodSeconds: 600 } });
    if (world.fake !== undefined) world.fake.exitMs = 30_000;
    await agentOn();
    const terminating = world.podOnce(pod('slow'), isTerminating);
    imds.spot = interruption(20_000);
    expect((await terminating).metadata.deletionGracePeriodSeconds).to.be.within(10, 19);
    if (world.fake !== undefined) world.fake.exitMs = 20;
  });

  it('a Spot notice whose time has long passed is stale: counted, and nothing is done', async () => {
    const { imds, agentOn, addNode, addPod, isUntouched } = story();
    await addNode();
    await addPod('web');
    imds.spot = () => ({ action: 'terminate', time: '2026-01-01T00:00:00Z' });
    const one = await agentOn();
    await until(
      'it to be counted',
      async () => (await one.metric('spot_agent_notices_total', 'kind="stale"')) === 1,
    );
    await sleep(300);
    await isUntouched();
    expect(await one.metric('spot_agent_notices_total', 'kind="stale"')).to.equal(1);
  });

  it('hibernate: asks at once and deletes nothing that a budget protects', async () => {
    const { world, imds, node, agentOn, addNode, addPod, pod } = story();
    await addNode();
    await addPod('free');
    await addPod('kept', { labels: { app: node } });
    await world.addBudget(node, { app: node }, 1);
    const one = await agentOn();
    imds.spot = interruption(0, 'hibernate');
    await until('the free pod to go', async () => (await world.podsOn(node)).join() === pod('kept'));
    await sleep(2_500);
    expect(await world.podsOn(node)).to.deep.equal([pod('kept')]);
    expect(await one.metric('spot_agent_deletions_total')).to.equal(0);
    await world.removeBudget(node);
  });

  it('a time that moves with every read is one event with its first deadline', async () => {
    const { imds, agentOn, addNode, markOf, marked } = story();
    await addNode();
    const one = await agentOn();
    imds.spot = () => ({ action: 'terminate', time: new Date(Date.now() + 20_000).toISOString() });
    await marked('TERMINATION');
    const { deadline } = await markOf();
    await sleep(1_500);
    expect((await markOf()).deadline).to.equal(deadline);
    expect(await one.metric('spot_agent_notices_total', 'kind="spot-interruption"')).to.equal(1);
  });
});
