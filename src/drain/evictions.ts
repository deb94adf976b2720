import type { Attempt, Observed, PodView } from './observed.ts';
import { inEvictionOrder, skipReason, tierOf } from './pod-filter.ts';
import type { DrainPolicy } from './drain-policy.ts';
import type { Step } from './steps.ts';

export interface Evictions {
  readonly steps: readonly Step[];
  readonly wakeAtMs: number | undefined;
  /** Pods that shall leave and are still there, terminating ones included. */
  readonly remaining: number;
}

interface Leaving {
  /** In eviction order, not yet terminating. */
  readonly staying: readonly PodView[];
  readonly terminating: readonly PodView[];
}

function leaving(pods: readonly PodView[], observed: Observed, policy: DrainPolicy): Leaving {
  const mine = pods.filter((pod) => skipReason(pod, observed, policy) === undefined);
  return {
    staying: inEvictionOrder(
      mine.filter((pod) => pod.deletionEndsAtMs === undefined),
      policy,
    ),
    terminating: mine.filter((pod) => pod.deletionEndsAtMs !== undefined),
  };
}

export function remainingPods(pods: readonly PodView[], observed: Observed, policy: DrainPolicy): number {
  const { staying, terminating } = leaving(pods, observed, policy);
  return staying.length + terminating.length;
}

/** Tier by tier, as PDBs allow, without a deadline. */
export function gracefulEvictions(
  pods: readonly PodView[],
  observed: Observed,
  policy: DrainPolicy,
  nowMs: number,
): Evictions {
  const { staying, terminating } = leaving(pods, observed, policy);
  const remaining = staying.length + terminating.length;
  const steps: Step[] = [];
  let wakeAtMs = remaining === 0 ? undefined : nowMs + policy.evictionRetryMs.drain;
  const tier = openTier(staying, terminating, observed.attempts, policy, nowMs);
  for (const pod of staying.filter((one) => tierOf(one, policy) <= tier)) {
    const nextAtMs = observed.attempts.get(pod.uid)?.nextAtMs ?? nowMs;
    if (nextAtMs <= nowMs) steps.push({ kind: 'evict', pod, graceSeconds: undefined });
    else wakeAtMs = earliest(wakeAtMs, nextAtMs);
  }
  return { steps, wakeAtMs, remaining };
}

/** The highest tier that may go now: a lower tier holds the next one back until it is empty or its wait is over. */
function openTier(
  staying: readonly PodView[],
  terminating: readonly PodView[],
  attempts: ReadonlyMap<string, Attempt>,
  policy: DrainPolicy,
  nowMs: number,
): number {
  for (let tier = 0; tier < policy.tierBounds.length; tier += 1) {
    const pods = [...staying, ...terminating].filter((pod) => tierOf(pod, policy) === tier);
    const firstAsked = pods
      .map((pod) => attempts.get(pod.uid)?.firstAtMs ?? nowMs)
      .reduce((first, atMs) => Math.min(first, atMs), Infinity);
    if (pods.length > 0 && nowMs - firstAsked < policy.tierWaitMs) return tier;
  }
  return policy.tierBounds.length;
}

export interface Deadline {
  readonly deadlineMs: number;
  readonly atDeadline: DrainPolicy['atDeadline'];
}

/**
 * Everything at once. A PDB is respected until deadline − grace − margin, where grace is the pod's own up to the
 * policy's longest; from then on the policy decides. No grace period outlives the instance.
 */
export function urgentEvictions(
  pods: readonly PodView[],
  observed: Observed,
  { deadlineMs, atDeadline }: Deadline,
  policy: DrainPolicy,
  nowMs: number,
): Evictions {
  const { staying, terminating } = leaving(pods, observed, policy);
  const steps: Step[] = [];
  const lastMs = deadlineMs - policy.marginMs;
  const remaining = staying.length + terminating.length;
  let wakeAtMs = remaining === 0 ? undefined : nowMs + policy.evictionRetryMs.evacuate;
  for (const pod of staying) {
    const attempt = observed.attempts.get(pod.uid);
    const overrideAtMs = lastMs - Math.min(pod.graceMs, policy.maxGraceMs);
    const nextAtMs = attempt?.nextAtMs ?? nowMs;
    // A pod that has never been asked gets its eviction first while there is time for an answer.
    const mayOverrule =
      atDeadline !== 'leave' && nowMs >= overrideAtMs && (attempt !== undefined || nowMs >= lastMs);
    if (nowMs < overrideAtMs) wakeAtMs = earliest(wakeAtMs, overrideAtMs);
    if (
      mayOverrule &&
      (nextAtMs <= nowMs || attempt?.result === 'blocked' || attempt?.result === 'misconfigured')
    )
      steps.push({
        kind: 'delete',
        pod,
        graceSeconds: atDeadline === 'force' ? 0 : graceSeconds(pod, lastMs, nowMs),
        why: 'blocked',
      });
    else if (nextAtMs <= nowMs)
      steps.push({ kind: 'evict', pod, graceSeconds: clampedGrace(pod, lastMs, nowMs) });
    else wakeAtMs = earliest(wakeAtMs, nextAtMs);
  }
  if (atDeadline !== 'leave') {
    for (const pod of terminating) {
      const nextAtMs = observed.attempts.get(pod.uid)?.nextAtMs ?? nowMs;
      const outlives = (pod.deletionEndsAtMs ?? 0) > lastMs + 1_000 && nowMs < lastMs;
      if (outlives && nextAtMs <= nowMs)
        steps.push({ kind: 'delete', pod, graceSeconds: graceSeconds(pod, lastMs, nowMs), why: 'shorten' });
    }
  }
  return { steps, wakeAtMs, remaining };
}

/** Undefined: the pod's own grace period fits. */
function clampedGrace(pod: PodView, lastMs: number, nowMs: number): number | undefined {
  return pod.graceMs <= lastMs - nowMs ? undefined : graceSeconds(pod, lastMs, nowMs);
}

/** At least 1: 0 would remove the pod from the API without waiting for the kubelet. */
function graceSeconds(pod: PodView, lastMs: number, nowMs: number): number {
  return Math.max(1, Math.floor(Math.min(pod.graceMs, lastMs - nowMs) / 1_000));
}

function earliest(a: number | undefined, b: number): number {
  return a === undefined ? b : Math.min(a, b);
}
