import { expect } from 'chai';
import fc from 'fast-check';
import { ownedAnnotation, prefix, signalTaintKey } from '../../../src/drain/marks.ts';
import type { Notice } from '../../../src/drain/notice.ts';
import type { NodeView } from '../../../src/drain/observed.ts';
import { plan } from '../../../src/drain/plan.ts';
import { skipReason } from '../../../src/drain/pod-filter.ts';
import {
  instanceId,
  aNode,
  aPod,
  aPolicy,
  observedNode,
  rebalanceAt,
  SimulatedNode,
  start,
  terminateAt,
  type Fault,
  type SimulatedPod,
} from './simulated-node.ts';

const seconds = 1_000;

const anyPod = (name: string) =>
  fc
    .record({
      priority: fc.constantFrom(0, 1_000, 2_000_000_000, 2_000_001_000),
      graceMs: fc.constantFrom(0, 1 * seconds, 30 * seconds, 90 * seconds, 900 * seconds),
      controllerKind: fc.constantFrom('ReplicaSet', 'StatefulSet', 'DaemonSet', undefined),
      phase: fc.constantFrom('Running', 'Pending', 'Succeeded'),
      isMirror: fc.boolean(),
      freeAtMs: fc.constantFrom(start, start + 20 * seconds, start + 100 * seconds, Infinity),
    })
    .map((over): SimulatedPod => ({ ...aPod(name), ...over }));

const anyPods = fc
  .integer({ min: 0, max: 12 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyPod(`pod-${index}`))));

const anyFault: fc.Arbitrary<Fault> = fc
  .record({
    kind: fc.constantFrom('api-away' as const, 'conflict' as const, 'agent-dead' as const),
    fromMs: fc.integer({ min: 0, max: 60 }),
    forMs: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ kind, fromMs, forMs }) => ({
    kind,
    fromMs: start + fromMs * seconds,
    untilMs: start + (fromMs + forMs) * seconds,
  }));

const anyPolicy = fc
  .record({
    atDeadline: fc.constantFrom('delete' as const, 'force' as const, 'leave' as const),
    taint: fc.boolean(),
    excludeFromLoadBalancers: fc.boolean(),
    outOfService: fc.boolean(),
    tierBounds: fc.constantFrom([], [2_000_000_000], [500, 2_000_000_000]),
  })
  .map(aPolicy);

describe('drain, over random clusters, notices and faults', () => {
  it('leaves no pod un-asked at the deadline', () => {
    fc.assert(
      fc.property(
        anyPods,
        fc.array(anyFault, { maxLength: 2 }),
        anyPolicy,
        fc.boolean(),
        (pods, faults, policy, rebalanceFirst) => {
          const deadlineMs = start + (rebalanceFirst ? 150 : 120) * seconds;
          const seenAtMs = deadlineMs - 120 * seconds;
          const itn = terminateAt(deadlineMs, seenAtMs);
          const simulated = new SimulatedNode(aNode(), pods, policy, faults);
          simulated.run(
            (nowMs) => [...(rebalanceFirst ? [rebalanceAt()] : []), ...(nowMs >= seenAtMs ? [itn] : [])],
            deadlineMs,
          );
          for (const pod of pods) {
            const mustLeave = skipReason(pod, observedNode(), policy) === undefined;
            const asked = simulated.asked.filter((one) => one.pod === pod.name);
            if (!mustLeave) expect(asked, `${pod.name} is to be left alone`).to.deep.equal([]);
            else expect(asked.length, `${pod.name} was never asked`).to.be.greaterThan(0);
            const isAsked = asked.some((one) => one.accepted);
            if (mustLeave && policy.atDeadline !== 'leave')
              expect(isAsked, `${pod.name} is still there, un-deleted`).to.equal(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives no pod a grace period that outlives the instance, and none longer than its own', () => {
    fc.assert(
      fc.property(anyPods, anyPolicy, (pods, policy) => {
        const deadlineMs = start + 120 * seconds;
        const simulated = new SimulatedNode(aNode(), pods, policy);
        simulated.run(() => [terminateAt(deadlineMs)], deadlineMs);
        for (const { pod, atMs, graceSeconds, accepted } of simulated.asked) {
          const own = pods.find((one) => one.name === pod)!.graceMs / seconds;
          const given = graceSeconds ?? own;
          expect(given).to.be.at.most(Math.max(1, own));
          if (accepted) expect(atMs + given * seconds).to.be.at.most(Math.max(deadlineMs, atMs + seconds));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('overrules no PDB on a rebalance and none before deadline − grace − margin', () => {
    fc.assert(
      fc.property(anyPods, anyPolicy, (pods, policy) => {
        const graceful = new SimulatedNode(aNode(), pods, policy);
        graceful.run(() => [rebalanceAt()], start + 10 * 60 * seconds);
        expect(graceful.asked.filter((one) => one.how !== 'evict')).to.deep.equal([]);
        const deadlineMs = start + 120 * seconds;
        const urgent = new SimulatedNode(aNode(), pods, policy);
        urgent.run(() => [terminateAt(deadlineMs)], deadlineMs);
        for (const one of urgent.asked.filter(({ how }) => how !== 'evict')) {
          const grace = Math.min(pods.find((pod) => pod.name === one.pod)!.graceMs, policy.maxGraceMs);
          expect(one.atMs).to.be.at.least(deadlineMs - grace - policy.marginMs);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("undoes no person's cordon, taint or label and takes all of its own back", () => {
    const foreign = fc.record({
      unschedulable: fc.boolean(),
      hasLabel: fc.boolean(),
      hasTaint: fc.boolean(),
      uncordonAfter: fc.option(fc.integer({ min: 1, max: 900 })),
      recordonAfter: fc.option(fc.integer({ min: 901, max: 1_700 })),
    });
    fc.assert(
      fc.property(foreign, fc.array(anyFault, { maxLength: 2 }), anyPolicy, (theirs, faults, policy) => {
        const before = aNode({
          unschedulable: theirs.unschedulable,
          labels: theirs.hasLabel
            ? { 'node.kubernetes.io/exclude-from-external-load-balancers': 'me' }
            : { own: 'x' },
          taints: theirs.hasTaint
            ? [{ key: signalTaintKey, value: 'theirs', effect: 'NoSchedule' }]
            : [{ key: 'other', effect: 'NoExecute' }],
        });
        let personCordon = theirs.unschedulable;
        const done = new Set<string>();
        const people = (node: NodeView, nowMs: number): NodeView => {
          const after = (name: string, delay: number | null, unschedulable: boolean) => {
            if (delay === null || done.has(name) || nowMs < start + delay * seconds) return;
            done.add(name);
            // Nobody can cordon what is cordoned: nothing is written, and nothing tells that they wished it.
            if (node.unschedulable === unschedulable) return;
            personCordon = unschedulable;
            node = { ...node, unschedulable, resourceVersion: String(Number(node.resourceVersion) + 1) };
          };
          after('uncordon', theirs.uncordonAfter, false);
          after('recordon', theirs.uncordonAfter === null ? null : theirs.recordonAfter, true);
          return node;
        };
        const simulated = new SimulatedNode(before, [], policy, faults);
        simulated.run(() => [rebalanceAt()], start + policy.rebalanceTtlMs + 60 * seconds, people);
        const { node } = simulated;
        expect(node.unschedulable, 'cordon').to.equal(personCordon);
        expect(node.labels).to.deep.equal(before.labels);
        expect(node.taints).to.deep.equal(before.taints);
        expect(Object.keys(node.annotations)).to.not.include(ownedAnnotation);
        expect(Object.keys(node.annotations).every((key) => key.startsWith(prefix))).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it('takes no step at all on a node that is not this instance, whatever stands', () => {
    const anyNotices: fc.Arbitrary<readonly Notice[]> = fc.subarray([
      rebalanceAt(),
      terminateAt(start + 60 * seconds),
    ]);
    fc.assert(
      fc.property(
        anyNotices,
        anyPods,
        anyPolicy,
        fc.constantFrom('', 'aws:///a/i-other', 'i-0123456789abcdef', 'kind://x', `k3s://${instanceId}`),
        (notices, pods, policy, providerId) => {
          const made = plan(
            notices,
            observedNode({ node: aNode({ providerId }), pods, slot: 'held' }),
            policy,
            start + 59 * seconds,
          );
          expect(made.steps).to.deep.equal([]);
        },
      ),
    );
  });

  it('ends: an agent that has done its work plans no more writes', () => {
    fc.assert(
      fc.property(anyPods, fc.array(anyFault, { maxLength: 2 }), anyPolicy, (pods, faults, policy) => {
        const notices = [terminateAt(start + 120 * seconds)];
        const simulated = new SimulatedNode(aNode(), pods, policy, faults);
        const end = start + 120 * seconds + policy.revertAfterDeadlineMs + 60 * seconds;
        simulated.run(() => notices, end);
        const made = plan(notices, observedNode({ node: simulated.node, pods: simulated.pods }), policy, end);
        expect(made.steps).to.deep.equal([]);
        expect(simulated.node.unschedulable).to.equal(false);
        expect(simulated.node.taints).to.deep.equal([]);
      }),
      { numRuns: 100 },
    );
  });
});
