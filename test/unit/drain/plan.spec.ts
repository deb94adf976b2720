import { expect } from 'chai';
import {
  handledAnnotation,
  loadBalancerLabel,
  ownedOn,
  outOfServiceTaintKey,
  signalAnnotation,
  signalMark,
  signalTaintKey,
} from '../../../src/drain/marks.ts';
import type { Notice } from '../../../src/drain/notice.ts';
import type { Attempt, Observed } from '../../../src/drain/observed.ts';
import { plan } from '../../../src/drain/plan.ts';
import {
  aNode,
  aPod,
  aPolicy,
  changedNode,
  instanceId,
  markedBy,
  observedNode,
  rebalanceAt,
  start,
  stepsOf,
  terminateAt,
} from './simulated-node.ts';

const policy = aPolicy();
const itn = terminateAt(start + 120_000);

function maintenance(code: 'instance-reboot' | 'instance-stop', notBeforeMs: number): Notice {
  return {
    kind: 'maintenance',
    id: 'maintenance/e-1',
    code,
    notBeforeMs,
    notAfterMs: undefined,
    seenAtMs: start,
    present: true,
  };
}

function attempted(uid: string, result: Attempt['result'], nextAtMs: number): ReadonlyMap<string, Attempt> {
  return new Map([[uid, { firstAtMs: start, result, nextAtMs }]]);
}

describe('plan: marking', () => {
  it('marks, cordons, taints and leaves the load balancer in one write, before pods are known', () => {
    const made = plan([itn], observedNode(), policy, start);
    const [first] = made.steps;
    expect(first?.kind).to.equal('change-node');
    const node = markedBy(itn);
    expect(node.unschedulable).to.equal(true);
    expect(node.taints).to.deep.equal([{ key: signalTaintKey, value: 'termination', effect: 'NoSchedule' }]);
    expect(node.labels).to.have.property(loadBalancerLabel);
    expect(signalMark(node.annotations)).to.deep.include({
      kind: 'TERMINATION',
      deadlineMs: start + 120_000,
      instanceId,
      notice: itn,
    });
  });

  it('taints with the effect that was chosen', () => {
    const [step] = stepsOf(
      plan([itn], observedNode(), aPolicy({ taintEffect: 'PreferNoSchedule' }), start),
      'change-node',
    );
    expect(step?.change.taints?.map(({ effect }) => effect)).to.deep.equal(['PreferNoSchedule']);
  });

  it('keeps every other taint as it was', () => {
    const other = { key: 'dedicated', value: 'x', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };
    expect(markedBy(itn, aNode({ taints: [other] })).taints[0]).to.deep.equal(other);
  });

  it('does nothing to a node whose providerID is not this instance', () => {
    const node = aNode({ providerId: 'aws:///ap-south-1a/i-0ffffffffffffffff' });
    expect(plan([itn], observedNode({ node, pods: [aPod('a')] }), policy, start).steps).to.deep.equal([]);
  });

  it('writes nothing more once the node carries the mark and the condition', () => {
    const node = { ...markedBy(itn), condition: { status: 'True', reason: 'Termination' } };
    const made = plan([itn], observedNode({ node, pods: [] }), policy, start + 1_000);
    expect(stepsOf(made, 'change-node')).to.deep.equal([]);
    expect(stepsOf(made, 'set-condition')).to.deep.equal([]);
  });

  it('does not call a cordon its own that a person had set before', () => {
    const node = markedBy(itn, aNode({ unschedulable: true }));
    expect(ownedOn(node).has('cordon')).to.equal(false);
  });

  it('gives up its claim on a cordon that a person has lifted', () => {
    const node = { ...markedBy(itn), unschedulable: false };
    const [step] = stepsOf(
      plan([itn], observedNode({ node, pods: [] }), policy, start + 5_000),
      'change-node',
    );
    const after = changedNode(node, step!.change);
    expect(after.unschedulable).to.equal(false);
    expect(ownedOn(after).has('cordon')).to.equal(false);
  });

  it('only marks on a rebalance when the policy says mark', () => {
    const [step] = stepsOf(
      plan([rebalanceAt()], observedNode(), aPolicy({ rebalance: 'mark' }), start),
      'change-node',
    );
    const node = changedNode(aNode(), step!.change);
    expect(node.unschedulable).to.equal(false);
    expect(node.taints).to.deep.equal([]);
    expect(signalMark(node.annotations)?.kind).to.equal('REBALANCE');
  });
});

describe('plan: drain on a rebalance', () => {
  const node = markedBy(rebalanceAt());

  it('waits for the budget before it evicts', () => {
    const made = plan([rebalanceAt()], observedNode({ node, pods: [aPod('a')] }), policy, start);
    expect(stepsOf(made, 'acquire-slot')).to.have.length(1);
    expect(stepsOf(made, 'evict')).to.deep.equal([]);
  });

  it('evicts the lowest tier first and holds the next one back', () => {
    const pods = [aPod('critical', { priority: 2_000_000_000 }), aPod('web')];
    const made = plan([rebalanceAt()], observedNode({ node, pods, slot: 'held' }), policy, start);
    expect(stepsOf(made, 'evict').map((step) => step.pod.name)).to.deep.equal(['web']);
  });

  it('lets the next tier go when a blocked tier has had its wait', () => {
    const pods = [aPod('critical', { priority: 2_000_000_000 }), aPod('web')];
    const observed = observedNode({
      node,
      pods,
      slot: 'held',
      attempts: attempted('uid-web', 'blocked', start),
    });
    const made = plan([rebalanceAt()], observed, policy, start + policy.tierWaitMs);
    expect(stepsOf(made, 'evict').map((step) => step.pod.name)).to.have.members(['web', 'critical']);
  });

  it('never deletes what a PDB blocks', () => {
    const observed = observedNode({
      node,
      pods: [aPod('a')],
      slot: 'held',
      attempts: attempted('uid-a', 'blocked', start),
    });
    const made = plan([rebalanceAt()], observed, policy, start + 20 * 60_000);
    expect(stepsOf(made, 'delete')).to.deep.equal([]);
    expect(stepsOf(made, 'evict')).to.have.length(1);
  });

  it('lets a young node come of age before it evicts', () => {
    const young = { ...node, createdAtMs: start };
    const made = plan(
      [rebalanceAt()],
      observedNode({ node: young, pods: [aPod('a')] }),
      aPolicy({ minNodeAgeMs: 300_000 }),
      start,
    );
    expect(stepsOf(made, 'acquire-slot')).to.deep.equal([]);
    expect(made.wakeAtMs).to.equal(start + 300_000);
  });

  it('asks for the place alone while it waits for one', () => {
    const made = plan([rebalanceAt()], observedNode({ node, slot: 'waiting' }), policy, start);
    expect(stepsOf(made, 'list-pods')).to.deep.equal([]);
    expect(stepsOf(made, 'acquire-slot')).to.have.length(1);
  });

  it('gives its place to others when no pod has left for a while, and not before', () => {
    const held = { node, pods: [aPod('a')], slot: 'held', placeIdleSinceMs: start } as const;
    const after = (ms: number) => plan([rebalanceAt()], observedNode(held), policy, start + ms);
    expect(stepsOf(after(policy.placePatienceMs - 1), 'queue-again')).to.deep.equal([]);
    const made = after(policy.placePatienceMs);
    expect(stepsOf(made, 'queue-again')).to.have.length(1);
    expect(stepsOf(made, 'evict')).to.deep.equal([]);
  });

  it('gives the slot back when the node is empty', () => {
    const made = plan([rebalanceAt()], observedNode({ node, pods: [], slot: 'held' }), policy, start);
    expect(stepsOf(made, 'release-slot')).to.have.length(1);
    expect(stepsOf(made, 'tell').map((step) => step.reason)).to.include('SpotNodeDrained');
  });

  it('takes back what it set when no notice has followed within the time to live', () => {
    const made = plan(
      [rebalanceAt()],
      observedNode({ node, pods: [] }),
      policy,
      start + policy.rebalanceTtlMs,
    );
    const after = changedNode(node, stepsOf(made, 'change-node')[0]!.change);
    expect(after).to.deep.include({ unschedulable: false, taints: [], labels: {} });
    expect(after.annotations).to.have.keys(handledAnnotation);
  });

  it('does not mark again for a notice that has been reverted and still stands', () => {
    const late = start + policy.rebalanceTtlMs;
    const [step] = stepsOf(
      plan([rebalanceAt()], observedNode({ node, pods: [] }), policy, late),
      'change-node',
    );
    const made = plan(
      [rebalanceAt()],
      observedNode({ node: changedNode(node, step!.change) }),
      policy,
      late + 2_000,
    );
    expect(made.steps).to.deep.equal([]);
  });
});

describe('plan: load balancers before a drain', () => {
  const waiting = aPolicy({ loadBalancerWaitMs: { drain: 10_000, evacuate: 0 } });
  const node = markedBy(rebalanceAt(), aNode({ createdAtMs: 0 }));
  const at = (loadBalancers: Observed['loadBalancers'], nowMs: number, over = waiting) =>
    plan([rebalanceAt()], observedNode({ node, loadBalancers }), over, nowMs);

  it('asks once whether any can know the node, while it would wait for them', () => {
    expect(stepsOf(at('not-asked', start), 'look-for-load-balancers')).to.have.length(1);
    expect(stepsOf(at('some', start), 'look-for-load-balancers')).to.deep.equal([]);
    expect(stepsOf(at('not-asked', start + 10_000), 'look-for-load-balancers')).to.deep.equal([]);
  });

  it('goes on at once where none can, and waits where one can or where nobody may look', () => {
    expect(stepsOf(at('none', start), 'list-pods')).to.have.length(1);
    for (const known of ['some', 'unknown'] as const) {
      expect(stepsOf(at(known, start), 'list-pods')).to.deep.equal([]);
      expect(at(known, start).wakeAtMs).to.equal(start + 10_000);
      expect(stepsOf(at(known, start + 10_000), 'list-pods')).to.have.length(1);
    }
  });

  it('neither asks nor waits where the node is not taken out of them', () => {
    const inside = aPolicy({
      loadBalancerWaitMs: { drain: 10_000, evacuate: 0 },
      excludeFromLoadBalancers: false,
    });
    expect(at('not-asked', start, inside).steps.map(({ kind }) => kind)).to.include('list-pods');
    expect(stepsOf(at('not-asked', start, inside), 'look-for-load-balancers')).to.deep.equal([]);
  });
});

describe('plan: a grace for the whole node', () => {
  const bounded = aPolicy({ nodeGraceMs: 120_000, marginMs: 5_000, maxGraceMs: 30_000 });
  const node = markedBy(rebalanceAt());
  const blocked = aPod('blocked', { graceMs: 10_000 });
  const at = (nowMs: number, policy = bounded) =>
    plan(
      [rebalanceAt()],
      observedNode({
        node,
        pods: [blocked],
        slot: 'held',
        attempts: attempted(blocked.uid, 'blocked', Infinity),
      }),
      policy,
      nowMs,
    );

  it('leaves a disruption budget its time, then ends the drain as at a deadline', () => {
    expect(stepsOf(at(start + 80_000), 'delete')).to.deep.equal([]);
    expect(at(start + 80_000).wakeAtMs).to.be.at.most(start + 85_000);
    expect(stepsOf(at(start + 104_000), 'delete')).to.deep.equal([]);
    expect(stepsOf(at(start + 105_000), 'delete')).to.have.length(1);
    expect(stepsOf(at(start + 105_000, { ...bounded, atDeadline: 'leave' }), 'delete')).to.deep.equal([]);
  });

  it('without one a drain has all the time', () => {
    expect(stepsOf(at(start + 3_600_000, aPolicy({ rebalanceTtlMs: 1e9 })), 'delete')).to.deep.equal([]);
  });
});

describe('plan: evacuation', () => {
  const node = markedBy(itn);

  it('asks for every pod at once, without a budget, the most grace first', () => {
    const pods = [
      aPod('short', { graceMs: 1_000 }),
      aPod('long', { graceMs: 60_000 }),
      aPod('critical', { priority: 2e9 }),
    ];
    const made = plan([itn], observedNode({ node, pods }), policy, start);
    expect(stepsOf(made, 'evict').map((step) => step.pod.name)).to.deep.equal(['long', 'short', 'critical']);
    expect(stepsOf(made, 'acquire-slot')).to.deep.equal([]);
  });

  it('clamps a grace period that outlives the instance', () => {
    const pods = [aPod('slow', { graceMs: 600_000 }), aPod('quick')];
    const graces = stepsOf(plan([itn], observedNode({ node, pods }), policy, start), 'evict').map((step) => [
      step.pod.name,
      step.graceSeconds,
    ]);
    expect(graces).to.deep.equal([
      ['slow', 115],
      ['quick', undefined],
    ]);
  });

  it('respects a PDB until deadline − grace − margin and then deletes', () => {
    const observed = observedNode({
      node,
      pods: [aPod('a')],
      attempts: attempted('uid-a', 'blocked', start),
    });
    const before = plan([itn], observed, policy, start + 84_000);
    expect(stepsOf(before, 'delete')).to.deep.equal([]);
    expect(before.wakeAtMs).to.equal(start + 85_000);
    const after = plan([itn], observed, policy, start + 85_000);
    expect(stepsOf(after, 'delete').map((step) => step.graceSeconds)).to.deep.equal([30]);
  });

  for (const [atDeadline, graces] of [
    ['delete', [30]],
    ['force', [0]],
    ['leave', []],
  ] as const) {
    it(`at the deadline, ${atDeadline}`, () => {
      const observed = observedNode({
        node,
        pods: [aPod('a')],
        attempts: attempted('uid-a', 'blocked', start),
      });
      const made = plan([itn], observed, aPolicy({ atDeadline }), start + 85_000);
      expect(stepsOf(made, 'delete').map((step) => step.graceSeconds)).to.deep.equal(graces);
    });
  }

  it('shortens the grace of a pod that an earlier drain had given too much', () => {
    const pods = [aPod('slow', { graceMs: 900_000, deletionEndsAtMs: start + 900_000 })];
    const made = plan([itn], observedNode({ node, pods }), policy, start);
    expect(stepsOf(made, 'delete').map((step) => [step.why, step.graceSeconds])).to.deep.equal([
      ['shorten', 115],
    ]);
  });

  it('escalates a running rebalance drain and keeps what the agent owned', () => {
    const rebalanced = markedBy(rebalanceAt());
    const made = plan(
      [rebalanceAt(), itn],
      observedNode({ node: rebalanced, pods: [aPod('a')], slot: 'held' }),
      policy,
      start + 5_000,
    );
    const after = changedNode(rebalanced, stepsOf(made, 'change-node')[0]!.change);
    expect(signalMark(after.annotations)?.kind).to.equal('TERMINATION');
    expect([...ownedOn(after)]).to.have.members(['cordon', 'taint', 'load-balancer-label']);
    expect(after.taints.map((taint) => taint.value)).to.deep.equal(['termination']);
    expect(stepsOf(made, 'evict')).to.have.length(1);
    expect(stepsOf(made, 'release-slot')).to.have.length(1);
  });

  it('asks at once on hibernate and leaves what a PDB protects to sleep', () => {
    const hibernate: Notice = {
      ...terminateAt(start),
      kind: 'spot-interruption',
      action: 'hibernate',
      atMs: start,
    };
    const asleep = markedBy(hibernate);
    const observed = observedNode({
      node: asleep,
      pods: [aPod('a'), aPod('b')],
      attempts: attempted('uid-a', 'blocked', start),
    });
    const made = plan([hibernate], observed, policy, start + 30_000);
    expect(stepsOf(made, 'evict')).to.have.length(2);
    expect(stepsOf(made, 'delete')).to.deep.equal([]);
  });

  it('hands a Karpenter node over and takes it back when Karpenter has not emptied it in time', () => {
    const claimed = { ...node, nodeClaim: 'pool-abc' };
    const asks = plan([itn], observedNode({ node: claimed }), policy, start);
    expect(stepsOf(asks, 'hand-over')).to.deep.equal([
      { kind: 'hand-over', nodeClaim: 'pool-abc', terminateAtMs: start + 115_000 },
    ]);
    const waits = plan(
      [itn],
      observedNode({ node: claimed, pods: [aPod('a')], handOver: 'accepted' }),
      policy,
      start + 10_000,
    );
    expect(stepsOf(waits, 'evict')).to.deep.equal([]);
    const late = plan(
      [itn],
      observedNode({ node: claimed, pods: [aPod('a')], handOver: 'accepted' }),
      policy,
      start + 75_000,
    );
    expect(stepsOf(late, 'evict')).to.have.length(1);
  });

  describe('a rebalance on a Karpenter node', () => {
    const claimed = {
      ...aNode(),
      nodeClaim: 'pool-abc',
      labels: { ...aNode().labels, 'karpenter.sh/nodepool': 'pool' },
    };
    const opted = aPolicy({ karpenterRebalance: 'at-risk' });
    const later = start + 600_000;
    const at = (over: Partial<Parameters<typeof observedNode>[0]>, made = opted) =>
      plan(
        [rebalanceAt()],
        observedNode({ node: claimed, pods: [aPod('a')], slot: 'held', ...over }),
        made,
        later,
      );

    it('puts the NodeClaim at risk and evicts nothing while Karpenter sees to it', () => {
      expect(stepsOf(at({}), 'put-at-risk')).to.deep.equal([
        { kind: 'put-at-risk', nodeClaim: 'pool-abc', nodePool: 'pool' },
      ]);
      const waits = at({ handOver: 'accepted' });
      expect([...stepsOf(waits, 'evict'), ...stepsOf(waits, 'put-at-risk')]).to.deep.equal([]);
      expect(stepsOf(waits, 'release-slot')).to.have.length(1);
      expect(waits.wakeAtMs).to.equal(start + opted.rebalanceTtlMs);
    });

    it('drains as any other where Karpenter does not, and unless the policy says so', () => {
      expect(stepsOf(at({ handOver: 'denied' }), 'evict')).to.have.length(1);
      expect(stepsOf(at({}, policy), 'evict')).to.have.length(1);
      expect(stepsOf(at({}, policy), 'put-at-risk')).to.deep.equal([]);
    });

    it('is evacuated when a notice follows', () => {
      const both = [rebalanceAt(), terminateAt(later + 120_000, later)];
      const made = plan(both, observedNode({ node: claimed, pods: [aPod('a')] }), opted, later);
      expect(made.decision).to.equal('EVACUATE');
      expect(stepsOf(made, 'hand-over')).to.have.length(1);
      expect(stepsOf(made, 'put-at-risk')).to.deep.equal([]);
    });

    it('ends the risk before the marks go, and touches no NodeClaim under the usual policy', () => {
      const marked = markedBy(rebalanceAt(), claimed);
      const over = start + opted.rebalanceTtlMs;
      const kinds = (made: typeof policy) =>
        plan([rebalanceAt()], observedNode({ node: marked }), made, over).steps.map(({ kind }) => kind);
      expect(kinds(opted).slice(0, 3)).to.deep.equal(['end-risk', 'tell', 'change-node']);
      expect(kinds(policy)).to.not.include('end-risk');
    });
  });

  it('drains a Karpenter node itself when it may not delete the NodeClaim', () => {
    const observed = observedNode({
      node: { ...node, nodeClaim: 'pool-abc' },
      pods: [aPod('a')],
      handOver: 'denied',
    });
    expect(stepsOf(plan([itn], observed, policy, start), 'evict')).to.have.length(1);
  });

  it('adds the out-of-service taint at the end when the policy wants it, and owns it', () => {
    const observed = observedNode({ node, pods: [] });
    const wants = aPolicy({ outOfService: true });
    expect(stepsOf(plan([itn], observed, wants, start + 1_000), 'change-node')).to.deep.equal([]);
    const [step] = stepsOf(plan([itn], observed, wants, start + 115_000), 'change-node');
    const after = changedNode(node, step!.change);
    expect(after.taints.map((taint) => taint.key)).to.include(outOfServiceTaintKey);
    expect(ownedOn(after).has('out-of-service')).to.equal(true);
  });

  it('evicts nothing when told to cordon only', () => {
    const made = plan(
      [itn],
      observedNode({ node: aNode(), pods: [aPod('a')] }),
      aPolicy({ cordonOnly: true }),
      start + 110_000,
    );
    expect(stepsOf(made, 'change-node')).to.have.length(1);
    expect(made.steps.filter((step) => step.kind === 'evict' || step.kind === 'delete')).to.deep.equal([]);
  });

  it('reverts on a node that is still there long after its deadline', () => {
    const made = plan([itn], observedNode({ node }), policy, start + 120_000 + policy.revertAfterDeadlineMs);
    expect(stepsOf(made, 'change-node').map((step) => step.why)).to.deep.equal(['revert']);
  });
});

describe('plan: maintenance', () => {
  const week = 7 * 86_400_000;

  it('does not touch the node weeks before, and wakes at the lead time', () => {
    const notice = maintenance('instance-stop', start + week);
    const made = plan([notice], observedNode(), policy, start);
    expect(made.steps).to.deep.equal([]);
    expect(made.wakeAtMs).to.equal(start + week - policy.maintenance['instance-stop'].leadMs);
  });

  it('drains at the lead time, within the budget', () => {
    const notice = maintenance('instance-stop', start);
    const made = plan(
      [notice],
      observedNode({ node: markedBy(notice), pods: [aPod('a')], slot: 'held' }),
      policy,
      start,
    );
    expect(stepsOf(made, 'evict')).to.have.length(1);
  });

  it('reverts when the event is cancelled', () => {
    const made = plan(
      [],
      observedNode({ node: markedBy(maintenance('instance-stop', start)) }),
      policy,
      start + 1_000,
    );
    expect(stepsOf(made, 'change-node').map((step) => step.why)).to.deep.equal(['revert']);
  });

  it('uncordons after the reboot even while the event is still listed', () => {
    const notice = maintenance('instance-reboot', start);
    const node = { ...markedBy(notice), bootId: 'boot-2' };
    const [step] = stepsOf(plan([notice], observedNode({ node }), policy, start + 60_000), 'change-node');
    const after = changedNode(node, step!.change);
    expect(after.unschedulable).to.equal(false);
    expect(plan([notice], observedNode({ node: after }), policy, start + 61_000).steps).to.deep.equal([]);
  });

  it('is left alone when its code is ignored', () => {
    const ignoring = aPolicy({
      maintenance: { ...policy.maintenance, 'instance-stop': { action: 'ignore', leadMs: 0 } },
    });
    expect(plan([maintenance('instance-stop', start)], observedNode(), ignoring, start).steps).to.deep.equal(
      [],
    );
  });
});

describe('plan: which pods leave', () => {
  const node = markedBy(itn);
  const cases = [
    ['a DaemonSet pod', aPod('x', { controllerKind: 'DaemonSet' }), policy],
    ['a mirror pod', aPod('x', { isMirror: true }), policy],
    ['a completed pod', aPod('x', { phase: 'Succeeded' }), policy],
    ['a pod of a terminating namespace', aPod('x', { namespace: 'going' }), policy],
    ["the agent's own pod", aPod('own', { namespace: 'kube-system' }), policy],
    ['a pod of another node', aPod('x', { nodeName: 'node-b' }), policy],
    ['a pod with emptyDir, by policy', aPod('x', { hasEmptyDir: true }), aPolicy({ emptyDirPods: 'skip' })],
    [
      'a standalone pod, by policy',
      aPod('x', { controllerKind: undefined }),
      aPolicy({ standalonePods: 'skip' }),
    ],
    [
      'a selected pod',
      aPod('x', { labels: { stay: 'yes' } }),
      aPolicy({ skipPods: [{ key: 'stay', operator: 'in', values: ['yes'] }] }),
    ],
  ] as const;
  for (const [what, pod, under] of cases) {
    it(`leaves ${what} alone`, () => {
      const observed = observedNode({
        node,
        pods: [pod, aPod('ordinary')],
        terminatingNamespaces: new Set(['going']),
        ownPod: { namespace: 'kube-system', name: 'own' },
      });
      const made = plan([itn], observed, under, start);
      expect(stepsOf(made, 'evict').map((step) => step.pod.name)).to.deep.equal(['ordinary']);
    });
  }

  it('does not touch the annotation of a mark it cannot read except to clear it', () => {
    const broken = aNode({ annotations: { [signalAnnotation]: '{"v":9' } });
    const [step] = stepsOf(plan([], observedNode({ node: broken }), policy, start), 'change-node');
    expect(step?.change.unschedulable).to.equal(undefined);
  });
});
