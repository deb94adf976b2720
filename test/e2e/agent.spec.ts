/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { missingForCluster } from '../../scripts/cluster/binaries.ts';
import {
  loadBalancerLabel,
  ownedAnnotation,
  signalAnnotation,
  signalCondition,
  signalTaintKey,
} from '../../src/drain/marks.ts';
import {
  agentProcess,
  agentProcessOn,
  doctor,
  killAgents,
  type AgentProcess,
} from '../peers/agent-process.ts';
import { clusterWorld, fakeWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, interruption, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';

const wantsCluster = process.argv.includes('--cluster') || process.env['SPOT_TEST_CLUSTER'] === '1';

for (const [where, started] of [
  ['a fake API server', fakeWorld],
  ...(wantsCluster ? ([['a real control plane', clusterWorld]] as const) : []),
] as const) {
  describe(`the built agent, against ${where}`, function () {
    this.timeout(90_000);
    let world: World;
    let imds: FakeImds;
    let agents: AgentProcess[];
    let node: string;
    let serial = 0;

    before(async function () {
      const missing = where.startsWith('a real') ? await missingForCluster() : [];
      if (missing.length > 0) {
        console.log(`      skipped: no control plane here; missing are ${missing.join('; ')}`);
        this.skip();
      }
      world = await started();
    });
    beforeEach(async () => {
      imds = await fakeImds();
      agents = [];
      node = `node-${(serial += 1)}`;
      imds.instanceId = `i-${String(serial).padStart(17, '0')}`;
    });
    afterEach(async () => {
      for (const one of agents) await one.stop();
      await imds.close();
    });
    after(async () => {
      killAgents();
      await (world as World | undefined)?.close();
    });

    async function agentOn(
      flags: readonly string[] = [],
      config: Readonly<Record<string, unknown>> = {},
    ): Promise<AgentProcess> {
      const file = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'agent.yaml');
      const quick = {
        min_node_age: '0s',
        load_balancer_wait: '0s',
        deadline_margin: '1s',
        max_grace: '1s',
        maintenance_interval: '200ms',
        max_poll_age: '1s',
      };
      writeFileSync(file, JSON.stringify({ ...quick, ...config }));
      const one = await agentProcessOn({ node, imds, world }, [
        ...['--poll-interval', '200ms', '--config', file],
        ...flags,
      ]);
      agents.push(one);
      return one;
    }

    const addNode = (over: Parameters<World['addNode']>[1] = {}) =>
      world.addNode(node, { instanceId: imds.instanceId, ...over });
    const pod = (name: string) => `${node}-${name}`;
    const addPod = (name: string, over: Parameters<World['addPod']>[2] = {}) =>
      world.addPod(pod(name), node, over);
    const markOf = async (): Promise<any> => {
      const text = (await world.node(node)).metadata.annotations?.[signalAnnotation];
      return text === undefined ? undefined : JSON.parse(text);
    };
    const marked = (kind: string) =>
      until(`the node to be marked ${kind}`, async () => (await markOf())?.kind === kind);
    const emptied = (withinMs = 15_000) =>
      until('the node to be empty', async () => (await world.podsOn(node)).length === 0, withinMs);
    const reverted = (withinMs = 8_000) =>
      until('the marks to be taken back', async () => (await markOf()) === undefined, withinMs);
    async function isUntouched(): Promise<void> {
      const { metadata, spec } = await world.node(node);
      expect(metadata.annotations?.[signalAnnotation]).to.equal(undefined);
      expect(spec.unschedulable).to.not.equal(true);
      expect((spec.taints ?? []).map((taint: any) => taint.key)).to.not.include(signalTaintKey);
    }

    it('spot interruption: marks, cordons, taints, leaves the load balancer, evicts, and counts each thing exactly once', async () => {
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

    it('host network off: a token that never arrives is told as the hop limit, IMDSv1 is never tried, and the agent lives on', async () => {
      await addNode();
      imds.faults.set('token', 'hang');
      const one = await agentOn([], { imds_timeout: '150ms' });
      await until('the advice', () => one.log.some((line) => line.includes('HttpPutResponseHopLimit')));
      expect((await one.get('/healthz')).status).to.equal(200);
      expect((await one.get('/readyz')).status).to.equal(503);
      imds.faults.clear();
      await one.ready();
      expect(imds.requests.filter((request) => request.method === 'GET' && !request.hasToken)).to.deep.equal(
        [],
      );
    });

    it('events: each thing is told once, also by an agent that was restarted', async () => {
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

    it('without any good poll: alive, not ready, and the age of the poll grows', async () => {
      await addNode();
      imds.faults.set('token', 'hang');
      const one = await agentOn();
      await until('the age to grow', async () => (await one.metric('spot_agent_poll_age_seconds')) > 0.3);
      expect((await one.get('/healthz')).status).to.equal(200);
      expect((await one.get('/readyz')).status).to.equal(503);
    });

    it('dry run: says every step and writes nothing', async () => {
      await addNode();
      await addPod('web');
      const one = await agentOn(['--dry-run']);
      imds.spot = interruption(20_000);
      await until('the eviction to be said', () => one.log.some((line) => line.includes('dry run: evict')));
      await isUntouched();
      expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
      expect(await world.eventsOf(node)).to.deep.equal([]);
    });

    it('IMDSv2 only: every read carries a token, and an expired one is renewed', async () => {
      await addNode();
      const one = await agentOn();
      await one.ready();
      imds.expireTokens();
      imds.spot = interruption(20_000);
      await marked('TERMINATION');
      expect(imds.requests.filter((request) => request.method === 'GET' && !request.hasToken)).to.deep.equal(
        [],
      );
    });

    it('rebalance, then an interruption: the notice escalates the drain that a budget holds up', async () => {
      await addNode();
      await addPod('a', { labels: { app: node } });
      await world.addBudget(node, { app: node }, 1);
      const one = await agentOn([], { at_deadline: 'delete' });
      imds.rebalance = () => ({ noticeTime: new Date().toISOString() });
      await marked('REBALANCE');
      await until(
        'a blocked eviction',
        async () => (await one.metric('spot_agent_evictions_total', 'result="blocked"')) > 0,
      );
      imds.spot = interruption(5_000);
      await marked('TERMINATION');
      await emptied();
      expect(JSON.parse((await world.node(node)).metadata.annotations[ownedAnnotation])).to.include('cordon');
      expect(await one.metric('spot_agent_notices_total', 'kind="rebalance"')).to.equal(1);
      expect(await one.metric('spot_agent_deletions_total', 'result="deleted"')).to.equal(1);
      await world.removeBudget(node);
    });

    it('rebalance: drains within the budget, gives its place back, and waits where there is none', async () => {
      await addNode({ zone: 'ap-south-1c' });
      await addPod('web');
      const one = await agentOn([], { max_drains: 1, max_drains_per_zone: 1, pod_namespace: 'default' });
      imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
      await marked('REBALANCE');
      await emptied();
      await until('the places to be free', async () =>
        (await world.leases()).every((lease) => (lease.spec.holderIdentity ?? '') === ''),
      );
      expect((await world.leases()).length).to.be.at.least(2);
      expect(await one.metric('spot_agent_evictions_total', 'result="evicted"')).to.equal(1);
    });

    it('rebalance without the right to a place in the budget: marks, waits, and does not storm the API server', async function () {
      if (world.fake === undefined) return this.skip();
      world.fake.denied.add('GET Lease');
      await addNode();
      await addPod('web');
      const one = await agentOn();
      imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
      await marked('REBALANCE');
      await sleep(1_500);
      expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
      expect(await one.metric('spot_agent_draining', 'decision="DRAIN"')).to.equal(1);
      expect(await one.metric('spot_agent_waiting_for_place')).to.equal(1);
      expect(await one.metric('spot_agent_forbidden_total', 'by="permission"')).to.equal(1);
      expect(
        world.fake.requests.filter((one) => one.path.includes('leases') && one.status === 403),
      ).to.have.length(1);
      world.fake.denied.clear();
    });

    it('cordon only: marks and cordons and evicts nothing', async () => {
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

    const event = (over: Readonly<Record<string, string>> = {}) => ({
      Code: 'instance-stop',
      Description: 'The instance is running on degraded hardware',
      EventId: `instance-event-${node}`,
      NotBefore: new Date(Date.now() + 60_000).toUTCString().slice(5),
      State: 'active',
      ...over,
    });

    it('maintenance: drains at its lead time and leaves an event weeks ahead alone', async () => {
      await addNode();
      await addPod('web');
      const one = await agentOn();
      imds.scheduled = [event({ NotBefore: '21 Jan 2039 09:00:43 GMT' })];
      await until(
        'the event to be seen',
        async () => (await one.metric('spot_agent_notices_total', 'kind="maintenance"')) === 1,
      );
      await sleep(300);
      await isUntouched();
      imds.scheduled = [event()];
      await marked('MAINTENANCE');
      await emptied();
    });

    it('maintenance that is cancelled is reverted', async () => {
      await addNode();
      await agentOn();
      imds.scheduled = [event()];
      await marked('MAINTENANCE');
      imds.scheduled = [event({ State: 'canceled' })];
      await reverted();
      await isUntouched();
    });

    it('maintenance with a reboot: uncordons after it', async () => {
      await addNode();
      const first = await agentOn();
      imds.scheduled = [event({ Code: 'system-reboot' })];
      await marked('MAINTENANCE');
      await until('the condition', async () =>
        (await world.node(node)).status.conditions?.some((one: any) => one.type === signalCondition),
      );
      await first.stop();
      const { nodeInfo } = (await world.node(node)).status;
      await world.changeNodeStatus(node, { status: { nodeInfo: { ...nodeInfo, bootID: 'boot-2' } } });
      await agentOn();
      await reverted();
      await isUntouched();
    });

    it('Auto Scaling target state Terminated: evacuates as for an interruption, once', async () => {
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
      await addNode();
      await addPod('a', { labels: { app: node } });
      await world.addBudget(node, { app: node }, 1);
      const one = await agentOn();
      const endsAtMs = Date.now() + 6_000;
      imds.spot = interruption(6_000);
      await marked('TERMINATION');
      await until(
        'a blocked eviction',
        async () => (await one.metric('spot_agent_evictions_total', 'result="blocked"')) > 0,
      );
      expect(await world.podsOn(node)).to.deep.equal([pod('a')]);
      await emptied();
      expect(Date.now())
        .to.be.greaterThan(endsAtMs - 3_500)
        .and.lessThan(endsAtMs + 500);
      expect(await one.metric('spot_agent_deletions_total', 'result="deleted"')).to.equal(1);
      await world.removeBudget(node);
    });

    it('a grace period longer than the time left is clamped', async () => {
      await addNode();
      await addPod('slow', { spec: { terminationGracePeriodSeconds: 600 } });
      if (world.fake !== undefined) world.fake.exitMs = 30_000;
      await agentOn();
      const terminating = world.podOnce(
        pod('slow'),
        ({ metadata }) => metadata.deletionTimestamp !== undefined,
      );
      imds.spot = interruption(20_000);
      expect((await terminating).metadata.deletionGracePeriodSeconds).to.be.within(10, 19);
      if (world.fake !== undefined) world.fake.exitMs = 20;
    });

    it('kill −9 in the middle of a drain: the next agent goes on and repeats nothing', async () => {
      await addNode();
      await addPod('a', { labels: { app: node } });
      await world.addBudget(node, { app: node }, 1);
      const first = await agentOn();
      imds.spot = interruption(8_000);
      await marked('TERMINATION');
      await until(
        'a blocked eviction',
        async () => (await first.metric('spot_agent_evictions_total', 'result="blocked"')) > 0,
      );
      await first.stop('SIGKILL');
      const before = await markOf();
      const second = await agentOn();
      await emptied();
      expect(await markOf()).to.deep.equal(before);
      expect(await second.metric('spot_agent_marks_total', 'result="marked"')).to.equal(0);
      expect(await second.metric('spot_agent_notices_total', 'kind="spot-interruption"')).to.be.at.most(1);
      expect((await world.eventsOf(node)).filter((one) => one.reason === 'SpotTermination')).to.have.length(
        1,
      );
      await world.removeBudget(node);
    });

    it('SIGTERM in the middle of an evacuation: carries it to its end, then ends', async () => {
      await addNode();
      await addPod('a', { labels: { app: node } });
      await world.addBudget(node, { app: node }, 1);
      const one = await agentOn();
      imds.spot = interruption(6_000);
      await marked('TERMINATION');
      await until(
        'a blocked eviction',
        async () => (await one.metric('spot_agent_evictions_total', 'result="blocked"')) > 0,
      );
      const code = await one.stop('SIGTERM');
      expect(code).to.equal(0);
      expect(await world.podsOn(node)).to.deep.equal([]);
      await world.removeBudget(node);
    });

    it('SIGTERM while nothing stands: ends at once', async () => {
      await addNode();
      const one = await agentOn();
      await one.ready();
      const atMs = Date.now();
      expect(await one.stop('SIGTERM')).to.equal(0);
      expect(Date.now() - atMs).to.be.lessThan(3_000);
    });

    for (const fault of ['401', '503', 'hang', 'reset', 'garbled'] as const)
      it(`a storm of ${fault} from the metadata service: alive, not ready, and right again afterwards`, async () => {
        await addNode();
        const one = await agentOn([], { imds_timeout: '100ms' });
        await one.ready();
        imds.faults.set('meta-data', fault);
        await until('the agent to be not ready', async () => (await one.get('/readyz')).status === 503);
        expect((await one.get('/healthz')).status).to.equal(200);
        imds.faults.clear();
        imds.spot = interruption(30_000);
        await marked('TERMINATION');
        await one.ready();
      });

    it('a Node that is another instance: refuses to act and says so', async () => {
      await addNode({ instanceId: 'i-0ffffffffffffffff' });
      await addPod('web');
      const one = await agentOn();
      imds.spot = interruption(20_000);
      await until('the refusal', () => one.log.some((line) => line.includes('refusing to act')));
      await sleep(300);
      await isUntouched();
      expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
      expect(await one.metric('spot_agent_refusing')).to.equal(1);
    });

    it('a node that a person cordoned stays cordoned after a revert', async () => {
      await addNode({
        spec: { unschedulable: true, taints: [{ key: 'mine', value: 'x', effect: 'NoExecute' }] },
      });
      await agentOn([], { rebalance_ttl: '1s' });
      imds.rebalance = () => ({ noticeTime: new Date().toISOString() });
      await marked('REBALANCE');
      await reverted();
      const { spec, metadata } = await world.node(node);
      expect(spec.unschedulable).to.equal(true);
      expect(spec.taints.filter((taint: any) => taint.key === 'mine')).to.have.length(1);
      expect(spec.taints.map((taint: any) => taint.key)).to.not.include(signalTaintKey);
      expect(metadata.labels).to.not.have.property(loadBalancerLabel);
    });

    it('a rebalance without a notice is reverted after its time to live, once and for good', async () => {
      await addNode();
      const one = await agentOn([], { rebalance_ttl: '1s' });
      imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
      await marked('REBALANCE');
      await reverted();
      await isUntouched();
      await until('the Event of the revert', async () =>
        (await world.eventsOf(node)).some((event) => event.reason === 'SpotSignalReverted'),
      );
      await sleep(700);
      await isUntouched();
      await one.stop();
      const second = await agentOn([], { rebalance_ttl: '1s' });
      await second.ready();
      await sleep(500);
      await isUntouched();
      expect(await one.metric('x').catch(() => 'gone')).to.equal('gone');
    });

    it('a Spot notice whose time has long passed is stale: counted, and nothing is done', async () => {
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
      await addNode();
      const one = await agentOn();
      imds.spot = () => ({ action: 'terminate', time: new Date(Date.now() + 20_000).toISOString() });
      await marked('TERMINATION');
      const { deadline } = await markOf();
      await sleep(1_500);
      expect((await markOf()).deadline).to.equal(deadline);
      expect(await one.metric('spot_agent_notices_total', 'kind="spot-interruption"')).to.equal(1);
    });

    it('the API server away when the notice comes: goes on trying and marks first when it is back', async () => {
      await addNode();
      await addPod('web');
      const one = await agentOn([], { api_timeout: '2s' });
      await one.ready();
      world.goAway();
      imds.spot = interruption(60_000);
      await until(
        'the notice',
        async () => (await one.metric('spot_agent_notices_total', 'kind="spot-interruption"')) === 1,
      );
      await sleep(wantsCluster ? 30_000 : 2_000);
      world.comeBack();
      await marked('TERMINATION');
      await emptied();
      expect((await one.get('/healthz')).status).to.equal(200);
      if (world.fake === undefined) return;
      const writes = world.fake.writes().filter((write) => write.path.includes(node));
      expect(writes[0]).to.include({ method: 'PATCH', path: `/api/v1/nodes/${node}` });
    });

    it('doctor: says what is well and what is broken, and ends with 1 when the agent could not work', async () => {
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

    it('a Node that others write to at the same time is marked all the same', async function () {
      if (world.fake === undefined) return this.skip();
      await addNode();
      world.fake.conflicts = 2;
      const one = await agentOn();
      imds.spot = interruption(20_000);
      await marked('TERMINATION');
      expect(await one.metric('spot_agent_marks_total', 'result="conflict"')).to.equal(2);
      world.fake.conflicts = 0;
    });

    it('a Karpenter node: stamps the NodeClaim with the deadline and deletes it', async function () {
      if (world.fake === undefined) return this.skip();
      world.fake.addNodeClaim(`claim-${node}`);
      await addNode({
        owners: [{ apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: `claim-${node}`, uid: 'u' }],
      });
      await addPod('web');
      await agentOn();
      imds.spot = interruption(100_000);
      const claim = await until('the NodeClaim to go', () => {
        const seen = world.fake?.get('NodeClaim', '', `claim-${node}`);
        return seen?.['metadata'].deletionTimestamp !== undefined && seen;
      });
      const stamp = claim['metadata'].annotations['karpenter.sh/nodeclaim-termination-timestamp'] as string;
      expect(Date.parse(stamp)).to.be.within(Date.now() + 90_000, Date.now() + 100_000);
      await sleep(300);
      expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
    });

    it('a Karpenter node without an owner is recognised by its label', async function () {
      if (world.fake === undefined) return this.skip();
      world.fake.addNodeClaim(`claim-${node}`, node);
      await addNode({ labels: { 'karpenter.sh/nodepool': 'default' } });
      await agentOn();
      imds.spot = interruption(100_000);
      await until(
        'the NodeClaim to go',
        () => world.fake?.get('NodeClaim', '', `claim-${node}`)?.['metadata'].deletionTimestamp !== undefined,
      );
    });

    async function karpenterPool(requirements: readonly unknown[]): Promise<void> {
      await world.call('POST', '/apis/karpenter.sh/v1/nodepools', {
        apiVersion: 'karpenter.sh/v1',
        kind: 'NodePool',
        metadata: { name: `pool-${node}` },
        spec: { template: { spec: { requirements } } },
      });
      world.fake?.addNodeClaim(`claim-${node}`, node);
      await addNode({ labels: { 'karpenter.sh/nodepool': `pool-${node}` } });
      await addPod('web');
    }
    const riskOf = () =>
      world.fake?.get('NodeClaim', '', `claim-${node}`)?.['metadata'].labels?.['spot-expander.io/at-risk'];

    it('a rebalance on a Karpenter node whose NodePool opted in: puts the NodeClaim at risk, evicts nothing, and takes it back', async function () {
      if (world.fake === undefined) return this.skip();
      await karpenterPool([{ key: 'spot-expander.io/at-risk', operator: 'DoesNotExist' }]);
      const one = await agentOn([], { karpenter_rebalance: 'at-risk', rebalance_ttl: '3s' });
      imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
      await marked('REBALANCE');
      await until('the NodeClaim to be at risk', () => riskOf() === 'rebalance');
      await reverted();
      expect(riskOf()).to.equal(undefined);
      expect(await world.podsOn(node)).to.deep.equal([pod('web')]);
      expect(await one.metric('spot_agent_evictions_total')).to.equal(0);
    });

    it('a rebalance on a Karpenter node whose NodePool has not opted in is drained as any other', async function () {
      if (world.fake === undefined) return this.skip();
      await karpenterPool([]);
      await agentOn([], { karpenter_rebalance: 'at-risk' });
      imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
      await emptied();
      expect(riskOf()).to.equal(undefined);
    });

    it('in a pod’s words: the Node from NODE_NAME, the cluster from a KUBECONFIG of two files', async () => {
      await addNode();
      const first = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'first');
      writeFileSync(first, JSON.stringify({ apiVersion: 'v1', kind: 'Config' }));
      const one = await agentProcess(['--imds-endpoint', imds.url, '--poll-interval', '200ms'], {
        NODE_NAME: node,
        KUBECONFIG: `${first}:${world.kubeconfig}`,
      });
      agents.push(one);
      imds.spot = interruption();
      await marked('TERMINATION');
    });

    it('a Karpenter node whose NodeClaim may not be deleted is drained as any other', async function () {
      if (world.fake === undefined) return this.skip();
      world.fake.addNodeClaim(`claim-${node}`);
      world.fake.denied.add('PATCH NodeClaim');
      await addNode({
        owners: [{ apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: `claim-${node}`, uid: 'u' }],
      });
      await addPod('web');
      await agentOn();
      imds.spot = interruption(100_000);
      await emptied();
      world.fake.denied.clear();
    });
  });
}
