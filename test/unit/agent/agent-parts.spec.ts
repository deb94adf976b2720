import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { agentClock } from '../../../src/agent/agent-clock.ts';
import { agentMetrics } from '../../../src/agent/agent-metrics.ts';
import type { AgentOptions, AgentPorts } from '../../../src/agent/agent-ports.ts';
import { AgentTelemetry } from '../../../src/agent/agent-telemetry.ts';
import { nextAttemptMs } from '../../../src/agent/drain-memory.ts';
import { metadataWatch } from '../../../src/agent/metadata-watch.ts';
import { NodeAgent } from '../../../src/agent/node-agent.ts';
import { NoticeBoard } from '../../../src/agent/notice-board.ts';
import { handledAnnotation, signalAnnotation } from '../../../src/drain/marks.ts';
import { believed, provenOn, sealedChange } from '../../../src/drain/proof.ts';
import { ClusterUnavailable } from '../../../src/errors/cluster-unavailable.ts';
import type { InstanceMetadata } from '../../../src/ports/instance-metadata.ts';
import type { NodeCluster } from '../../../src/ports/node-cluster.ts';
import { silentLog, type Log } from '../../../src/telemetry/log.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';
import { until } from '../../peers/until.ts';
import { aNode, aPolicy, instanceId, start } from '../drain/simulated-node.ts';

const none: InstanceMetadata['read'] = (source) =>
  Promise.resolve({
    poll: source === 'maintenance' ? { maintenance: [] } : { [source]: 'none' },
    problem: undefined,
  });

const metadata: InstanceMetadata = {
  identity: () =>
    Promise.resolve({ instanceId, instanceType: 'c5.large', zone: 'ap-south-1a', region: 'ap-south-1' }),
  read: none,
};

const options: AgentOptions = {
  nodeName: 'node-a',
  identifyBy: 'provider-id',
  policy: aPolicy(),
  pollMs: 20,
  maintenancePollMs: 20,
  dryRun: false,
  ownPod: undefined,
  slotRenewMs: 20_000,
  slotLostMs: 50_000,
  concurrency: 4,
  shutdownGraceMs: 100,
};

function telemetryTo(log: Log) {
  const metrics = agentMetrics({
    pollAgeSeconds: () => 0,
    isRefusing: () => false,
    drain: () => ({ decision: 'NONE', isWaiting: false }),
    version: '0',
  });
  return { metrics, telemetry: new AgentTelemetry(metrics, log) };
}

function portsWith(over: Partial<AgentPorts>): AgentPorts {
  return {
    metadata,
    cluster: { node: () => Promise.resolve(aNode()) } as unknown as NodeCluster,
    slots: () => ({ acquire: () => Promise.resolve(true), release: () => Promise.resolve() }),
    webhook: undefined,
    clock: agentClock(systemClock),
    wallMs: Date.now,
    chance: () => 0.5,
    seal: (text) => `sealed ${text.length}`,
    telemetry: telemetryTo(silentLog).telemetry,
    ...over,
  };
}

describe('the watch of the metadata service', () => {
  it('one document that hangs or fails for ever delays no other', async () => {
    const reads = new Map<string, number>();
    const read: InstanceMetadata['read'] = (source, signal) => {
      reads.set(source, (reads.get(source) ?? 0) + 1);
      if (source === 'rebalance')
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))));
      if (source === 'group')
        return Promise.resolve({ poll: { group: 'unread' }, problem: { kind: 'server-error', advice: '' } });
      if (source === 'maintenance') return Promise.reject(new TypeError('a fault of our own'));
      return none(source, signal);
    };
    const stop = new AbortController();
    const watch = metadataWatch(portsWith({ metadata: { ...metadata, read } }), options, new NoticeBoard());
    const running = watch.run(stop.signal);
    await sleep(600);
    stop.abort(new Error('over'));
    await running;
    // Twenty milliseconds apart, less the jitter, on a machine that may be busy.
    expect(reads.get('spot')).to.be.above(10);
    expect(reads.get('rebalance')).to.equal(1);
    expect(reads.get('group')).to.be.within(2, 10);
  });

  it('a clock that is an hour off is set by the metadata service, and by nobody while a notice stands', async () => {
    let wallMs = Date.now() - 3_600_000;
    const clock = agentClock({ nowMs: () => wallMs, monotonicMs: () => performance.now() });
    const board = new NoticeBoard();
    let awsMs = Date.now();
    let isShown = false;
    const atMs = awsMs + 120_000;
    const read: InstanceMetadata['read'] = (source, signal) =>
      source === 'spot' && isShown
        ? Promise.resolve({ poll: { spot: { action: 'terminate', atMs } }, problem: undefined })
        : none(source, signal);
    const stop = new AbortController();
    const watch = metadataWatch(
      portsWith({ metadata: { ...metadata, read, awsNowMs: () => awsMs }, clock }),
      options,
      board,
    );
    const running = watch.run(stop.signal);
    await watch.firstRound;
    expect(Math.abs(clock.nowMs() - Date.now())).to.be.below(3_000);
    isShown = true;
    await until('the notice', () => board.standing.length === 1);
    wallMs += 7_200_000;
    awsMs += 7_200_000;
    await sleep(100);
    expect(Math.abs(clock.nowMs() - Date.now())).to.be.below(3_000);
    stop.abort(new Error('over'));
    await running;
  });
});

describe('the agent of one node', () => {
  it('is alive while the metadata service is away, and not when a read never comes to an end', async () => {
    let monotonicMs = 0;
    const clock = agentClock({ nowMs: () => start + monotonicMs, monotonicMs: () => monotonicMs });
    let hangs = false;
    let reads = 0;
    const read: InstanceMetadata['read'] = (source, signal) => {
      if (source === 'spot') reads += 1;
      return hangs
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))))
        : Promise.resolve({
            poll: { [source]: 'unread' },
            problem: { kind: 'unreachable', advice: 'not there' },
          });
    };
    const agent = new NodeAgent(portsWith({ metadata: { ...metadata, read }, clock }), options);
    agent.start();
    for (let step = 0; step < 5; step += 1) {
      const before = reads;
      monotonicMs += 11_000;
      await until('another read', () => reads > before, 10_000);
      await sleep(5);
      expect(agent.stoodStill).to.equal(undefined);
    }
    hangs = true;
    const before = reads;
    monotonicMs += 11_000;
    await until('a read that hangs', () => reads > before, 10_000);
    monotonicMs += 60_000;
    expect(agent.stoodStill).to.match(/no read of the metadata service has come to an end for \d+ s/);
    await agent.stop();
  });

  it('every different fault of its own is told, as such, and it goes on', async () => {
    const told: { readonly level: string; readonly message: string; readonly error: unknown }[] = [];
    const keep =
      (level: string) =>
      (fields: Readonly<Record<string, unknown>>, message: string): void =>
        void told.push({ level, message, error: fields['err'] });
    const log: Log = { ...silentLog, warn: keep('warn'), error: keep('error') };
    const { metrics, telemetry } = telemetryTo(log);
    const faults = [
      new TypeError('cannot read a of undefined'),
      new RangeError('too deep'),
      new ClusterUnavailable('GET: 500 x', { status: 500 }),
      new ClusterUnavailable('GET: 403 y', { status: 403 }),
    ];
    let asked = 0;
    const cluster = {
      node: () => {
        const fault = faults[asked % (faults.length + 1)];
        asked += 1;
        return fault === undefined ? Promise.resolve(aNode()) : Promise.reject(fault);
      },
    } as unknown as NodeCluster;
    const read: InstanceMetadata['read'] = (source, signal) =>
      source === 'group'
        ? Promise.resolve({ poll: { group: 'terminated' }, problem: undefined })
        : none(source, signal);
    const agent = new NodeAgent(portsWith({ metadata: { ...metadata, read }, cluster, telemetry }), options);
    agent.start();
    await until('it to have gone on', () => asked > 6, 10_000);
    await agent.stop();
    const own = told.filter(({ message }) => message.includes("fault of the agent's own"));
    expect(own.map(({ error }) => error)).to.include.members(faults.slice(0, 2));
    expect(own.filter(({ error }) => error === faults[0])).to.have.length(1);
    const api = told.filter(({ message }) => message.includes('the API server cannot be used'));
    expect(api.map(({ error }) => error)).to.deep.equal(faults.slice(2));
    expect(await metrics.text()).to.match(/^spot_agent_own_faults_total [2-9]/m);
  });
});

describe('a wish to wait', () => {
  const policy = aPolicy();
  it('of an hour is cut to a quarter of what is left before the deadline', () => {
    const next = (leftMs: number) => nextAttemptMs('blocked', 3_600_000, 'EVACUATE', policy, 0, leftMs);
    expect(next(40_000)).to.equal(10_000);
    expect(next(8_000)).to.equal(2_000);
    expect(next(0)).to.equal(policy.evictionRetryMs.evacuate);
    expect(nextAttemptMs('failed', 3_600_000, 'DRAIN', policy, 0)).to.equal(60_000);
  });
});

describe("a mark's proof", () => {
  const seal = (text: string) => `key:${text}`;
  const change = {
    resourceVersion: '1',
    annotations: { [signalAnnotation]: 'mark', [handledAnnotation]: '["spot-interruption/x"]' },
    labels: {},
    taints: undefined,
    unschedulable: undefined,
  };
  const written = (annotations: Readonly<Record<string, string | null>>) =>
    aNode({
      annotations: Object.fromEntries(
        Object.entries(annotations).filter((entry): entry is [string, string] => entry[1] !== null),
      ),
    });

  it('holds for what an agent of this node has written, and for nothing that was changed since', () => {
    const node = written(sealedChange(change, aNode(), seal).annotations);
    expect(provenOn(node, seal)).to.deep.equal({ signal: true, handled: true });
    expect(provenOn(node, (text) => `other:${text}`)).to.deep.equal({ signal: false, handled: false });
    const forged = aNode({ annotations: { ...node.annotations, [signalAnnotation]: 'another' } });
    expect(provenOn(forged, seal)).to.deep.equal({ signal: false, handled: true });
    const moved = { ...node, uid: 'another-node' };
    expect(provenOn(moved, seal)).to.deep.equal({ signal: false, handled: false });
  });

  it('survives that the mark is taken back and the list of what is done stays', () => {
    const node = written(sealedChange(change, aNode(), seal).annotations);
    const reverted = sealedChange({ ...change, annotations: { [signalAnnotation]: null } }, node, seal);
    const after = written({ ...node.annotations, ...reverted.annotations });
    expect(provenOn(after, seal)).to.deep.equal({ signal: true, handled: true });
  });

  it('a termination that somebody else calls done is not done; one of its own is, also without the key', () => {
    const ids = ['spot-interruption/x', 'rebalance/y', 'group-termination/z'];
    const node = aNode({ annotations: { [handledAnnotation]: JSON.stringify(ids) } });
    const left = believed(node, { signal: true, handled: false }, new Set(['group-termination/z']));
    expect(JSON.parse(left.annotations[handledAnnotation] ?? '')).to.deep.equal([
      'rebalance/y',
      'group-termination/z',
    ]);
  });
});
