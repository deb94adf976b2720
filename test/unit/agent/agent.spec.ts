import { expect } from 'chai';
import fc from 'fast-check';
import { diagnosis } from '../../../src/agent/diagnosis.ts';
import { nextAttemptMs } from '../../../src/agent/drain-memory.ts';
import { pollPauseMs } from '../../../src/agent/metadata-watch.ts';
import { NoticeBoard } from '../../../src/agent/notice-board.ts';
import { agentConfig } from '../../../src/config/agent-config.ts';
import { resumedNotices } from '../../../src/drain/resumed.ts';
import { UsageError } from '../../../src/errors/usage-error.ts';
import { MetadataUnavailable } from '../../../src/errors/metadata-unavailable.ts';
import type { InstanceMetadata } from '../../../src/ports/instance-metadata.ts';
import type { NodeCluster } from '../../../src/ports/node-cluster.ts';
import {
  aNode,
  aPolicy,
  instanceId,
  observedNode,
  rebalanceAt,
  SimulatedNode,
  start,
  stepsOf,
  terminateAt,
} from '../drain/simulated-node.ts';
import { plan } from '../../../src/drain/plan.ts';

describe('poll pause', () => {
  it('is never longer than the interval while all is well, and never shorter than half of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 30_000 }),
        fc.integer({ min: 0, max: 50 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (pollMs, failures, chance) => {
          const pause = pollPauseMs(pollMs, failures, chance);
          if (failures === 0) expect(pause).to.be.at.most(pollMs);
          expect(pause).to.be.at.least(pollMs / 2);
          expect(pause).to.be.at.most(Math.max(pollMs, 10_000));
        },
      ),
    );
  });

  it('grows with failures', () => {
    expect([1, 2, 3].map((failures) => pollPauseMs(1_000, failures, 0))).to.deep.equal([2_000, 4_000, 8_000]);
  });
});

describe('next attempt on a pod', () => {
  const policy = aPolicy();
  it('is when the API server asked for, and the policy’s pace where it asked for nothing', () => {
    expect(nextAttemptMs('blocked', 10_000, 'EVACUATE', policy, 0)).to.equal(10_000);
    expect(nextAttemptMs('blocked', undefined, 'EVACUATE', policy, 0)).to.equal(
      policy.evictionRetryMs.evacuate,
    );
    expect(nextAttemptMs('blocked', undefined, 'DRAIN', policy, 0)).to.equal(policy.evictionRetryMs.drain);
    expect(nextAttemptMs('misconfigured', undefined, 'DRAIN', policy, 0)).to.equal(
      3 * policy.evictionRetryMs.drain,
    );
  });

  it('comes later after each refusal of a disruption budget, within bounds, so that a blocked node asks seldom', () => {
    const pauses = (decision: 'DRAIN' | 'EVACUATE') =>
      [1, 2, 3, 4, 9].map((refusals) =>
        nextAttemptMs('blocked', undefined, decision, policy, 0, undefined, refusals),
      );
    expect(pauses('EVACUATE')).to.deep.equal([1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(pauses('DRAIN')).to.deep.equal([5_000, 10_000, 20_000, 20_000, 20_000]);
  });
});

describe('notice board', () => {
  it('interrupts what runs when a notice begins, and only then', () => {
    const board = new NoticeBoard();
    const first = board.newNotice;
    board.fold({ spot: 'none' }, start);
    expect(first.aborted).to.equal(false);
    board.fold({ rebalance: { noticeTimeMs: start } }, start);
    expect(first.aborted).to.equal(true);
    const second = board.newNotice;
    board.fold({ rebalance: { noticeTimeMs: start } }, start + 1);
    expect(second.aborted).to.equal(false);
  });

  it('a notice that follows one which has run out interrupts what runs, whether or not a poll saw the silence between', () => {
    for (const isSilenceSeen of [true, false]) {
      const board = new NoticeBoard();
      const next = { action: 'terminate', atMs: start + 190_000 } as const;
      board.fold({ spot: { action: 'terminate', atMs: start + 120_000 } }, start);
      if (isSilenceSeen) board.fold({ spot: 'none' }, start + 125_000);
      const { newNotice } = board;
      expect(board.fold({ spot: next }, start + 130_000).began).to.have.length(1);
      expect(newNotice.aborted).to.equal(true);
      expect(board.standing).to.deep.include({ ...terminateAt(next.atMs, start + 130_000) });
    }
  });

  it('resumes without forgetting what has been read meanwhile, and keeps the first sighting', () => {
    const board = new NoticeBoard();
    board.fold({ spot: { action: 'terminate', atMs: start + 120_000 } }, start + 50_000);
    board.resume([terminateAt(start + 120_000), rebalanceAt()]);
    expect(board.standing.map((one) => [one.kind, one.seenAtMs])).to.deep.equal([
      ['spot-interruption', start],
      ['rebalance', start],
    ]);
  });
});

describe('resuming from the node', () => {
  it('goes on from the mark of this instance and from no other', () => {
    const simulated = new SimulatedNode(aNode(), [], aPolicy());
    simulated.run(() => [terminateAt(start + 120_000)], start + 1_000);
    expect(resumedNotices(simulated.node, instanceId).map((one) => one.id)).to.deep.equal([
      terminateAt(start + 120_000).id,
    ]);
    expect(resumedNotices(simulated.node, 'i-another')).to.deep.equal([]);
  });

  it('a rebalance that was reverted stays the same event for the next agent, until it has been absent', () => {
    const policy = aPolicy();
    const simulated = new SimulatedNode(aNode(), [], policy);
    const end = start + policy.rebalanceTtlMs + 10_000;
    simulated.run(() => [rebalanceAt()], end);
    const board = new NoticeBoard();
    board.resume(resumedNotices(simulated.node, instanceId));
    board.fold({ rebalance: { noticeTimeMs: end } }, end);
    expect(
      stepsOf(plan(board.standing, observedNode({ node: simulated.node }), policy, end), 'change-node'),
    ).to.deep.equal([]);
    board.fold({ rebalance: 'none' }, end);
    board.fold({ rebalance: { noticeTimeMs: end } }, end);
    expect(
      stepsOf(plan(board.standing, observedNode({ node: simulated.node }), policy, end), 'change-node'),
    ).to.have.length(1);
  });
});

describe('doctor', () => {
  const signal = new AbortController().signal;
  const metadata: InstanceMetadata = {
    identity: () =>
      Promise.resolve({ instanceId, instanceType: 'c5.large', zone: 'ap-south-1a', region: 'ap-south-1' }),
    read: () => Promise.resolve({ poll: { spot: 'none' }, problem: undefined }),
  };
  const cluster = (over: Partial<NodeCluster>): NodeCluster =>
    ({ node: () => Promise.resolve(aNode()), may: () => Promise.resolve(true), ...over }) as NodeCluster;
  const verdicts = async (of: InstanceMetadata, on: NodeCluster) =>
    Object.fromEntries(
      (await diagnosis(of, on, 'node-a', 'kube-system', signal)).map(({ check, verdict }) => [
        check,
        verdict,
      ]),
    );

  it('finds nothing where all is well', async () => {
    expect(new Set(Object.values(await verdicts(metadata, cluster({}))))).to.deep.equal(new Set(['ok']));
  });

  it('tells a node that is another instance', async () => {
    const other = cluster({ node: () => Promise.resolve(aNode({ providerId: 'aws:///a/i-other' })) });
    expect((await verdicts(metadata, other))['instance']).to.equal('broken');
  });

  it('tells what a missing permission costs', async () => {
    const may: NodeCluster['may'] = ({ resource, subresource }) =>
      Promise.resolve(!(resource === 'leases' || subresource === 'eviction'));
    const found = await verdicts(metadata, cluster({ may }));
    expect(found).to.include({
      'may create pods/eviction': 'broken',
      'may list leases': 'degraded',
      'may patch nodes': 'ok',
    });
  });

  it('tells an unreachable metadata service and goes on', async () => {
    const away: InstanceMetadata = {
      ...metadata,
      identity: () => Promise.reject(new MetadataUnavailable('unreachable', 'not there')),
    };
    expect(await verdicts(away, cluster({}))).to.include({ 'metadata service': 'broken', node: 'ok' });
  });
});

describe('agent configuration', () => {
  const read = (flags: Readonly<Record<string, unknown>>, values: Readonly<Record<string, unknown>> = {}) =>
    agentConfig({ flags, environment: {}, file: { path: 'agent.yaml', values } });

  it('needs to know its Node', () => {
    expect(() => agentConfig({ flags: {}, environment: {}, file: undefined })).to.throw(
      UsageError,
      /NODE_NAME/,
    );
  });

  it('names every mistake at once', () => {
    let mistakes: readonly string[] = [];
    try {
      read({ node_name: 'n', poll_interval: 'soon' }, { at_deadline: 'maybe', colour: 'red' });
    } catch (error) {
      mistakes = (error as UsageError).mistakes;
    }
    expect(mistakes.join('\n')).to.match(/--poll-interval.*\n.*at_deadline.*\n.*colour/s);
  });

  it('refuses a selector that cannot be read', () => {
    expect(() => read({ node_name: 'n' }, { skip_pods: 'a b' })).to.throw(UsageError, /label selector/);
  });

  it('becomes a policy', () => {
    const { policy } = read(
      { node_name: 'n' },
      {
        at_deadline: 'leave',
        priority_tiers: '10,-5',
        rebalance: 'mark',
        skip_pods: 'app=db',
        stop_lead: '2h',
        maintenance: 'ignore',
      },
    );
    expect(policy).to.deep.include({ atDeadline: 'leave', tierBounds: [-5, 10], rebalance: 'mark' });
    expect(policy.maintenance['instance-retirement']).to.deep.equal({ action: 'ignore', leadMs: 7_200_000 });
    expect(policy.skipPods).to.deep.equal([{ key: 'app', operator: 'in', values: ['db'] }]);
  });
});
