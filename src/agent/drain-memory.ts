import type { Attempt, DrainSlot, EvictionResult, HandOver, NodeView, PodView } from '../drain/observed.ts';
import type { DrainPolicy } from '../drain/drain-policy.ts';
import type { Plan } from '../drain/steps.ts';

/** What the agent knows beside the cluster; losing it costs a repeated question, never a wrong step. */
export interface DrainMemory {
  node: NodeView | undefined;
  pods: readonly PodView[] | undefined;
  terminatingNamespaces: ReadonlySet<string> | undefined;
  readonly attempts: Map<string, Attempt>;
  slot: DrainSlot;
  slotAskedMs: number;
  handOver: HandOver;
  decision: Plan['decision'];
}

export function emptyDrainMemory(): DrainMemory {
  return {
    node: undefined,
    pods: undefined,
    terminatingNamespaces: undefined,
    attempts: new Map(),
    slot: 'not-asked',
    slotAskedMs: -Infinity,
    handOver: 'not-asked',
    decision: 'NONE',
  };
}

/** When a pod may be asked again: the API server's own wish first, then the policy's pace. */
export function nextAttemptMs(
  result: EvictionResult,
  retryAfterMs: number | undefined,
  decision: Plan['decision'],
  policy: DrainPolicy,
  nowMs: number,
): number {
  const pace = decision === 'EVACUATE' ? policy.evictionRetryMs.evacuate : policy.evictionRetryMs.drain;
  switch (result) {
    case 'evicted':
    case 'gone':
      return nowMs + 10_000;
    case 'blocked':
      return nowMs + (retryAfterMs ?? pace);
    case 'misconfigured':
    case 'refused':
      return nowMs + 3 * pace;
    case 'failed':
      return nowMs + Math.max(pace, retryAfterMs ?? 0);
  }
}
