import type {
  Attempt,
  DrainSlot,
  EvictionResult,
  HandOver,
  LoadBalancers,
  NodeView,
  PodView,
} from '../drain/observed.ts';
import type { DrainPolicy } from '../drain/drain-policy.ts';
import type { Plan } from '../drain/steps.ts';
import { WritePace } from './write-pace.ts';
import { pauseMs } from '../patience/pace.ts';

/** What the agent knows beside the cluster; losing it costs a repeated question, never a wrong step. */
export interface DrainMemory {
  node: NodeView | undefined;
  /** When it was last read, on the monotonic clock. */
  nodeReadMs: number;
  pods: readonly PodView[] | undefined;
  terminatingNamespaces: ReadonlySet<string> | undefined;
  readonly attempts: Map<string, Attempt>;
  slot: DrainSlot;
  /** Of the monotonic clock, as `slotHeldMs`: when the place was last known to be ours. */
  slotAskedMs: number;
  slotHeldMs: number;
  /** Since when no pod has left while the place is held, on the agent's clock; undefined: no place, or not known yet. */
  placeIdleSinceMs: number | undefined;
  /** The fewest pods that were left while the place is held. */
  fewestLeft: number;
  readonly writes: WritePace;
  /** Notices whose marks this agent has taken back. */
  readonly handled: Set<string>;
  handOver: HandOver;
  loadBalancers: LoadBalancers;
  decision: Plan['decision'];
}

export function emptyDrainMemory(): DrainMemory {
  return {
    node: undefined,
    nodeReadMs: -Infinity,
    pods: undefined,
    terminatingNamespaces: undefined,
    attempts: new Map(),
    slot: 'not-asked',
    slotAskedMs: -Infinity,
    slotHeldMs: -Infinity,
    placeIdleSinceMs: undefined,
    fewestLeft: Infinity,
    writes: new WritePace(),
    handled: new Set(),
    handOver: 'not-asked',
    loadBalancers: 'not-asked',
    decision: 'NONE',
  };
}

/** However long the API server asks to wait: in an evacuation, and in a drain. */
const longestWaitMs = { EVACUATE: 15_000, DRAIN: 60_000 } as const;

/**
 * When a pod may be asked again: the API server's own wish first, then the policy's pace. A wish is bounded, and near the
 * deadline by a quarter of what is left: an answer that says "in an hour" must not outlive the instance.
 */
export function nextAttemptMs(
  result: EvictionResult,
  retryAfterMs: number | undefined,
  decision: Plan['decision'],
  policy: DrainPolicy,
  nowMs: number,
  deadlineMs?: number,
  refusals = 1,
): number {
  const isUrgent = decision === 'EVACUATE';
  const mode = isUrgent ? 'evacuate' : 'drain';
  const pace = policy.evictionRetryMs[mode];
  const growing = { firstPauseMs: pace, greatestPauseMs: policy.longestRetryMs[mode], jitter: 0 };
  const leftMs = deadlineMs === undefined ? Infinity : Math.max(0, deadlineMs - nowMs);
  const longestMs = Math.max(pace, Math.min(longestWaitMs[isUrgent ? 'EVACUATE' : 'DRAIN'], leftMs / 4));
  const bounded = (waitMs: number) => nowMs + Math.min(waitMs, longestMs);
  switch (result) {
    case 'evicted':
    case 'gone':
      return nowMs + 10_000;
    case 'blocked':
      return bounded(retryAfterMs ?? pauseMs(growing, refusals, 0));
    case 'misconfigured':
    case 'refused':
      return bounded(3 * pace);
    case 'failed':
      return bounded(Math.max(pace, retryAfterMs ?? 0));
  }
}
