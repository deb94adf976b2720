import type { LabelSelector } from './label-selector.ts';
import type { MaintenanceCode } from './notice.ts';

/** What a PDB still blocks near the deadline: `delete` with a clamped grace period, `force` (no grace), or `leave`. */
export type AtDeadline = 'delete' | 'force' | 'leave';

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

export interface MaintenancePolicy {
  readonly action: 'drain' | 'ignore';
  /** The drain starts this long before the event may. */
  readonly leadMs: number;
}

/** How signals become steps; every duration in milliseconds. */
export interface DrainPolicy {
  /** Mark and cordon, evict nothing. */
  readonly cordonOnly: boolean;
  /** What a rebalance recommendation does: drain, cordon without evictions, or only mark. */
  readonly rebalance: 'drain' | 'cordon' | 'mark';
  /** A rebalance that no notice follows is reverted after this time. */
  readonly rebalanceTtlMs: number;
  /** A younger node waits with a rebalance drain until it has this age. */
  readonly minNodeAgeMs: number;
  /** What an Auto Scaling group's termination leaves; it names no time itself. */
  readonly groupTerminationMs: number;
  /** A node that is still there this long after its deadline was spared: the marks are reverted. */
  readonly revertAfterDeadlineMs: number;
  readonly maintenance: Readonly<Record<MaintenanceCode, MaintenancePolicy>>;
  /** Kept free before the deadline. */
  readonly marginMs: number;
  /** The longest grace period for which a PDB is overruled early. */
  readonly maxGraceMs: number;
  readonly atDeadline: AtDeadline;
  readonly taint: boolean;
  /** Of our taint. `NoExecute` removes pods at once, past every disruption budget. */
  readonly taintEffect: TaintEffect;
  readonly excludeFromLoadBalancers: boolean;
  readonly outOfService: boolean;
  /** Between the load-balancer label and the first eviction. */
  readonly loadBalancerWaitMs: { readonly drain: number; readonly evacuate: number };
  /** Ascending priorities at which a new tier begins; lower tiers are evicted first. */
  readonly tierBounds: readonly number[];
  /** A drain that has asked its first pod this long ago is dealt with as at a deadline; undefined: it has all the time. */
  readonly nodeGraceMs: number | undefined;
  /** A drain that no pod has left for this long gives its place in the cluster's budget to others for a while. */
  readonly placePatienceMs: number;
  /** How long a drain waits for one tier before the next; an evacuation never waits. */
  readonly tierWaitMs: number;
  /** Between two attempts on a blocked pod when the API server names no time: twice as long after each refusal, up to the longest. */
  readonly evictionRetryMs: { readonly drain: number; readonly evacuate: number };
  readonly longestRetryMs: { readonly drain: number; readonly evacuate: number };
  readonly emptyDirPods: 'evict' | 'skip';
  readonly standalonePods: 'evict' | 'skip';
  /** Pods that match are left alone. */
  readonly skipPods: LabelSelector | undefined;
  /** A termination on a Karpenter node: hand it to Karpenter when permitted, or drain it as any other. */
  readonly karpenter: 'hand-over' | 'drain';
  /** A rebalance on a Karpenter node: drain it as any other, or have Karpenter replace it where its NodePool opted in. */
  readonly karpenterRebalance: 'drain' | 'at-risk';
  /** This long before the deadline the agent no longer relies on Karpenter. */
  readonly karpenterFallbackMs: number;
}

const minutes = 60_000;

export const defaultDrainPolicy: DrainPolicy = {
  cordonOnly: false,
  rebalance: 'drain',
  rebalanceTtlMs: 30 * minutes,
  minNodeAgeMs: 5 * minutes,
  groupTerminationMs: 2 * minutes,
  revertAfterDeadlineMs: 10 * minutes,
  maintenance: {
    'instance-stop': { action: 'drain', leadMs: 60 * minutes },
    'instance-retirement': { action: 'drain', leadMs: 60 * minutes },
    'instance-reboot': { action: 'drain', leadMs: 15 * minutes },
    'system-reboot': { action: 'drain', leadMs: 15 * minutes },
    'system-maintenance': { action: 'drain', leadMs: 15 * minutes },
  },
  marginMs: 5_000,
  maxGraceMs: 30_000,
  atDeadline: 'delete',
  taint: true,
  taintEffect: 'NoSchedule',
  excludeFromLoadBalancers: true,
  outOfService: false,
  loadBalancerWaitMs: { drain: 10_000, evacuate: 0 },
  tierBounds: [2_000_000_000],
  nodeGraceMs: undefined,
  placePatienceMs: 10 * minutes,
  tierWaitMs: 60_000,
  evictionRetryMs: { drain: 5_000, evacuate: 1_000 },
  longestRetryMs: { drain: 20_000, evacuate: 5_000 },
  emptyDirPods: 'evict',
  standalonePods: 'evict',
  skipPods: undefined,
  karpenter: 'hand-over',
  karpenterRebalance: 'drain',
  karpenterFallbackMs: 45_000,
};
