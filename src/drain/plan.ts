import { gracefulEvictions, remainingPods, urgentEvictions, type Evictions } from './evictions.ts';
import { markKind, signalMark, type MarkKind } from './marks.ts';
import { markingChange, outOfServiceChange, revertingChange } from './node-changes.ts';
import { foreignReason } from './node-identity.ts';
import type { Notice } from './notice.ts';
import type { Observed } from './observed.ts';
import type { DrainPolicy } from './drain-policy.ts';
import { standing, type Situation, type Standing } from './situation.ts';
import type { EventReason, Plan, Step } from './steps.ts';

type Active = Exclude<Situation, { decision: 'NONE' }>;
type Draining = Extract<Situation, { decision: 'DRAIN' }>;
type Evacuating = Extract<Situation, { decision: 'EVACUATE' }>;

const idle: Plan = {
  decision: 'NONE',
  steps: [],
  wakeAtMs: undefined,
  deadlineMs: undefined,
  remaining: undefined,
};

/** How often a drain that waits for the cluster's budget looks again. */
const slotRetryMs = 10_000;

/**
 * What to do now about the notices that stand, given what the node and its pods look like. It is asked again after the
 * steps, at `wakeAtMs` and on every new notice; it remembers nothing, so a restarted agent goes on where the node's
 * annotations say that the last one stood. A node that is not this instance gets no step at all.
 */
export function plan(
  notices: readonly Notice[],
  observed: Observed,
  policy: DrainPolicy,
  nowMs: number,
): Plan {
  if (!isOurs(observed)) return idle;
  const current = standing(notices, observed.node, policy, nowMs);
  if (current.situation.decision === 'NONE') return revertPlan(current, observed, policy);
  const { situation } = current;
  const change = markingChange(situation, observed.node, observed.instanceId, policy, nowMs);
  const marking: Step[] = [
    ...(change === undefined ? [] : [{ kind: 'change-node', why: 'mark', change } as const]),
    ...conditionSteps(situation, observed),
    toldOfNotice(situation),
  ];
  const work =
    situation.decision === 'EVACUATE'
      ? evacuation(situation, observed, policy, nowMs)
      : drain(situation, observed, policy, nowMs);
  return {
    ...work,
    decision: situation.decision,
    steps: [...marking, ...work.steps],
    wakeAtMs: earliest([work.wakeAtMs, situation.expiresAtMs, current.nextChangeAtMs]),
  };
}

/** Only this instance's own Node is touched. */
export function isOurs(observed: Pick<Observed, 'instanceId' | 'instanceAddress' | 'node'>): boolean {
  return foreignReason(observed, observed.node) === undefined;
}

type Work = Pick<Plan, 'steps' | 'wakeAtMs' | 'deadlineMs' | 'remaining'>;

function revertPlan({ over, nextChangeAtMs }: Standing, observed: Observed, policy: DrainPolicy): Plan {
  const change = revertingChange(observed.node, over);
  const release: readonly Step[] = observed.slot === 'not-asked' ? [] : [{ kind: 'release-slot' }];
  if (change === undefined)
    return { ...idle, steps: [...staleCondition(observed), ...release], wakeAtMs: nextChangeAtMs };
  const id = signalMark(observed.node.annotations)?.notice.id ?? 'unreadable';
  return {
    ...idle,
    wakeAtMs: nextChangeAtMs,
    steps: [
      // First: once the node is unmarked nothing remembers that the NodeClaim carries a label.
      ...endOfRisk(observed, policy),
      // Before the write too: the plan after it knows of no mark. Its id makes the Event one, however often it is told.
      {
        kind: 'tell',
        id: `${id}/reverted`,
        reason: 'SpotSignalReverted',
        message: `${id} is over: what the agent had set on this node is taken back`,
      },
      { kind: 'change-node', why: 'revert', change },
      ...staleCondition(observed),
      ...release,
    ],
  };
}

function endOfRisk({ node }: Observed, policy: DrainPolicy): readonly Step[] {
  if (node.nodeClaim === undefined || policy.karpenterRebalance === 'drain') return [];
  return [{ kind: 'end-risk', nodeClaim: node.nodeClaim }];
}

function staleCondition({ node }: Observed): readonly Step[] {
  if (node.condition?.status !== 'True') return [];
  return [
    { kind: 'set-condition', status: 'False', reason: 'NoSignal', message: 'no interruption signal stands' },
  ];
}

const conditionReasons: Readonly<Record<MarkKind, string>> = {
  TERMINATION: 'Termination',
  REBALANCE: 'Rebalance',
  MAINTENANCE: 'Maintenance',
};

function conditionSteps(situation: Active, { node }: Observed): readonly Step[] {
  const reason = conditionReasons[markKind(situation.notice)];
  if (node.condition?.status === 'True' && node.condition.reason === reason) return [];
  return [{ kind: 'set-condition', status: 'True', reason, message: sentence(situation) }];
}

const eventReasons: Readonly<Record<MarkKind, EventReason>> = {
  TERMINATION: 'SpotTermination',
  REBALANCE: 'SpotRebalance',
  MAINTENANCE: 'ScheduledMaintenance',
};

function toldOfNotice(situation: Active): Step {
  return {
    kind: 'tell',
    id: situation.notice.id,
    reason: eventReasons[markKind(situation.notice)],
    message: sentence(situation),
  };
}

function sentence({ notice, ...situation }: Active): string {
  switch (notice.kind) {
    case 'spot-interruption':
      return `AWS will ${notice.action} this Spot instance at ${new Date(notice.atMs).toISOString()}`;
    case 'group-termination':
      return `the Auto Scaling group terminates this instance${situation.decision === 'EVACUATE' ? `; the agent works to ${new Date(situation.deadlineMs).toISOString()}` : ''}`;
    case 'rebalance':
      return `AWS reports an elevated risk of interruption since ${new Date(notice.noticeTimeMs).toISOString()}`;
    case 'maintenance':
      return `${notice.code} is scheduled from ${new Date(notice.notBeforeMs).toISOString()}`;
  }
}

function drain(situation: Draining, observed: Observed, policy: DrainPolicy, nowMs: number): Work {
  const nothing: Work = { steps: [], wakeAtMs: undefined, deadlineMs: undefined, remaining: undefined };
  const isEvicting =
    !policy.cordonOnly && (situation.notice.kind === 'maintenance' || policy.rebalance === 'drain');
  if (!isEvicting) return nothing;
  const { loadBalancerWaitMs } = policy;
  const leftAtMs = leftLoadBalancersAtMs(observed, situation.notice, policy, loadBalancerWaitMs.drain, nowMs);
  const startsAtMs = Math.max(situation.startsEvictingAtMs, leftAtMs);
  if (nowMs < startsAtMs)
    return { ...nothing, steps: loadBalancerSteps(observed, leftAtMs, nowMs), wakeAtMs: startsAtMs };
  const karpenter = situation.notice.kind === 'rebalance' ? replacement(observed, policy) : undefined;
  if (karpenter !== undefined) return { ...nothing, steps: [...released(observed), ...karpenter] };
  const queued: Work = { ...nothing, steps: [{ kind: 'acquire-slot' }], wakeAtMs: nowMs + slotRetryMs };
  // Whoever waits asks for the place alone: what pods there are is of interest again when it is there.
  if (observed.slot === 'waiting') return queued;
  if (observed.pods === undefined) return { ...nothing, steps: [{ kind: 'list-pods' }] };
  const remaining = remainingPods(observed.pods, observed, policy);
  if (remaining === 0)
    return { ...nothing, remaining, steps: [...toldOfEmpty(situation), ...released(observed)] };
  if (observed.slot !== 'held') return { ...queued, remaining };
  if (nowMs - (observed.placeIdleSinceMs ?? nowMs) >= policy.placePatienceMs)
    return { ...nothing, remaining, steps: [{ kind: 'queue-again' }], wakeAtMs: nowMs + slotRetryMs };
  const deadlineMs = graceEndsAtMs(observed, policy);
  if (deadlineMs === undefined)
    return { ...nothing, ...gracefulEvictions(observed.pods, observed, policy, nowMs) };
  const { atDeadline, marginMs, maxGraceMs } = policy;
  const lastMs = deadlineMs - marginMs - maxGraceMs;
  if (nowMs < lastMs) {
    const evictions = gracefulEvictions(observed.pods, observed, policy, nowMs);
    return { ...nothing, ...evictions, wakeAtMs: earliest([evictions.wakeAtMs, lastMs]) };
  }
  return {
    ...nothing,
    ...urgentEvictions(observed.pods, observed, { deadlineMs, atDeadline }, policy, nowMs),
  };
}

/** Counted from the first pod that was asked, so that waiting for the budget's place takes nothing away. */
function graceEndsAtMs({ attempts }: Observed, { nodeGraceMs }: DrainPolicy): number | undefined {
  if (nodeGraceMs === undefined || attempts.size === 0) return undefined;
  return Math.min(...[...attempts.values()].map(({ firstAtMs }) => firstAtMs)) + nodeGraceMs;
}

/** When load balancers have taken the node out, since its label says so; at once where none can know it. */
function leftLoadBalancersAtMs(
  observed: Observed,
  notice: Notice,
  policy: DrainPolicy,
  waitMs: number,
  nowMs: number,
): number {
  if (!policy.excludeFromLoadBalancers || waitMs === 0 || observed.loadBalancers === 'none') return nowMs;
  return markedAtMs(observed, notice, nowMs) + waitMs;
}

function loadBalancerSteps({ loadBalancers }: Observed, leftAtMs: number, nowMs: number): readonly Step[] {
  return loadBalancers === 'not-asked' && nowMs < leftAtMs ? [{ kind: 'look-for-load-balancers' }] : [];
}

/** The steps while Karpenter sees to the node, under its own budgets; undefined: it does not. */
function replacement({ node, handOver }: Observed, policy: DrainPolicy): readonly Step[] | undefined {
  const { nodeClaim, labels } = node;
  const nodePool = labels['karpenter.sh/nodepool'];
  if (policy.karpenterRebalance === 'drain' || nodeClaim === undefined || nodePool === undefined)
    return undefined;
  if (handOver === 'denied') return undefined;
  return handOver === 'accepted' ? [] : [{ kind: 'put-at-risk', nodeClaim, nodePool }];
}

function evacuation(situation: Evacuating, observed: Observed, policy: DrainPolicy, nowMs: number): Work {
  const { deadlineMs, notice } = situation;
  const nothing: Work = { steps: released(observed), wakeAtMs: undefined, deadlineMs, remaining: undefined };
  if (policy.cordonOnly) return nothing;
  const waitMs = policy.loadBalancerWaitMs.evacuate;
  const startsAtMs = leftLoadBalancersAtMs(observed, notice, policy, waitMs, nowMs);
  if (nowMs < startsAtMs)
    return {
      ...nothing,
      steps: [...nothing.steps, ...loadBalancerSteps(observed, startsAtMs, nowMs)],
      wakeAtMs: startsAtMs,
    };
  const karpenter = handOver(observed, policy, deadlineMs, nowMs);
  if (karpenter.waits)
    return { ...nothing, steps: [...nothing.steps, ...karpenter.steps], wakeAtMs: karpenter.untilMs };
  if (observed.pods === undefined)
    return { ...nothing, steps: [...nothing.steps, ...karpenter.steps, { kind: 'list-pods' }] };
  const isGoing = notice.kind === 'group-termination' || notice.action !== 'hibernate';
  const evictions = urgentEvictions(
    observed.pods,
    observed,
    // A hibernated instance comes back with its pods: what a PDB protects is left to sleep.
    {
      deadlineMs: isGoing ? deadlineMs : nowMs + policy.marginMs + policy.maxGraceMs,
      atDeadline: isGoing ? policy.atDeadline : 'leave',
    },
    policy,
    nowMs,
  );
  return {
    deadlineMs,
    remaining: evictions.remaining,
    steps: [
      ...nothing.steps,
      ...karpenter.steps,
      ...evictions.steps,
      ...toldOfOverride(situation, evictions),
      ...(evictions.remaining === 0 ? toldOfEmpty(situation) : []),
      ...(isGoing ? outOfServiceSteps(observed, policy, deadlineMs, nowMs) : []),
    ],
    wakeAtMs: earliest([
      evictions.wakeAtMs,
      policy.outOfService && nowMs < deadlineMs - policy.marginMs ? deadlineMs - policy.marginMs : undefined,
    ]),
  };
}

interface KarpenterPart {
  readonly waits: boolean;
  readonly untilMs: number;
  readonly steps: readonly Step[];
}

function handOver(observed: Observed, policy: DrainPolicy, deadlineMs: number, nowMs: number): KarpenterPart {
  const { nodeClaim } = observed.node;
  const untilMs = deadlineMs - policy.karpenterFallbackMs;
  const none: KarpenterPart = { waits: false, untilMs, steps: [] };
  if (nodeClaim === undefined || policy.karpenter === 'drain' || nowMs >= untilMs) return none;
  switch (observed.handOver) {
    case 'denied':
      return none;
    case 'accepted':
      return { ...none, waits: true };
    case 'not-asked':
      return {
        ...none,
        waits: true,
        steps: [{ kind: 'hand-over', nodeClaim, terminateAtMs: deadlineMs - policy.marginMs }],
      };
  }
}

function outOfServiceSteps(
  observed: Observed,
  policy: DrainPolicy,
  deadlineMs: number,
  nowMs: number,
): readonly Step[] {
  if (!policy.outOfService || nowMs < deadlineMs - policy.marginMs) return [];
  const change = outOfServiceChange(observed.node);
  return change === undefined ? [] : [{ kind: 'change-node', why: 'out-of-service', change }];
}

function toldOfEmpty({ notice }: Active): readonly Step[] {
  return [
    {
      kind: 'tell',
      id: `${notice.id}/drained`,
      reason: 'SpotNodeDrained',
      message: 'every pod that shall leave this node has left it',
    },
  ];
}

function toldOfOverride({ notice }: Active, { steps }: Evictions): readonly Step[] {
  const overruled = steps.filter((step) => step.kind === 'delete' && step.why === 'blocked').length;
  if (overruled === 0) return [];
  return [
    {
      kind: 'tell',
      id: `${notice.id}/override`,
      reason: 'SpotDeadlineOverride',
      message: `${overruled} blocked ${overruled === 1 ? 'pod is' : 'pods are'} deleted because the instance goes before its disruption budget allows it`,
    },
  ];
}

function released({ slot }: Observed): readonly Step[] {
  return slot === 'not-asked' ? [] : [{ kind: 'release-slot' }];
}

/** Where no mark stays, because somebody takes it away, the wait counts from the first sight of the notice. */
function markedAtMs({ node }: Observed, { seenAtMs }: Notice, nowMs: number): number {
  // A time that has not come is not ours, or of a clock that has been set since: nothing waits for it.
  return Math.min(signalMark(node.annotations)?.markedAtMs ?? seenAtMs, nowMs);
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce<number | undefined>(
    (first, one) => (one === undefined || (first !== undefined && first <= one) ? first : one),
    undefined,
  );
}
