import type { CapacityType, Pool } from './pool.ts';

/** Facts of an instance type. */
export interface InstanceTypeFacts {
  readonly instanceType: string;
  readonly vcpu: number;
  readonly memoryGib: number;
  readonly gpus: number;
  readonly architecture: 'x86_64' | 'arm64' | 'unknown';
  readonly family: string;
}

/** Spot Advisor's band: share of Spot capacity reclaimed in the trailing month. */
export interface AdvisorBand {
  /** 0..1, the middle of the band. */
  readonly interruptRate: number;
  /** 0..4 = <5, 5–10, 10–15, 15–20, >20 %. */
  readonly code: number;
}

/** Prices of a pool in USD per hour. */
export interface PoolPrices {
  readonly spotPerHour?: number;
  readonly onDemandPerHour?: number;
  /** When the Spot price was observed, epoch milliseconds. */
  readonly spotObservedAtMs?: number;
}

/** Which model a probability came from. */
export type RiskSource =
  'family-stress' | 'always-safe' | 'mock' | 'fleet-hazard' | 'advisor-prior' | 'on-demand' | 'none';

/** What a risk model says of one pool. */
export interface RiskAssessment {
  /** 0..1, the posterior at even prior odds: the scale of the safety gate. */
  readonly crashProbability: number;
  /** 0..1, the calibrated probability: what the yield formula discounts by. */
  readonly expectedFrequency: number;
  readonly source: RiskSource;
}

/** What is known of a node group beside its node's labels: from the configuration file or the Auto Scaling group itself. */
export interface GroupFacts {
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
  readonly capacityType: CapacityType;
  /** 0..1, the share of on-demand nodes in a mixed group. */
  readonly onDemandShare: number;
  /** How many units of the group's capacity an instance of each type counts for; absent where each counts for one. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly source: 'configuration' | 'auto-scaling-group';
}

/** A live signal about a Spot pool, seen on some node of it. */
export interface PoolSignal {
  readonly kind: 'REBALANCE' | 'TERMINATION';
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** 0..1, decays to 0 at expiry. */
  readonly heat: number;
}

/** A node group that was chosen and did not deliver: its capacity class rests until `untilMs`. */
export interface CapacityCooldown {
  readonly untilMs: number;
  readonly evidence: string;
}

/** Everything a decision may look up: pure, in memory, prepared off the request path. */
export interface Knowledge {
  readonly instanceType: (instanceType: string) => InstanceTypeFacts | undefined;
  readonly advisorBand: (pool: Pool) => AdvisorBand | undefined;
  readonly prices: (pool: Pool) => PoolPrices | undefined;
  readonly risk: (pool: Pool) => RiskAssessment | undefined;
  readonly signal: (pool: Pool) => PoolSignal | undefined;
  /**
   * Interruptions of one node of the pool an hour as the fleet itself met them, what happened lately included. Absent where no
   * fleet is watched.
   */
  readonly hazard?: (pool: Pool) => number | undefined;
  /** Facts of a group by its id and its node's labels. */
  readonly groupFacts: (
    nodeGroupId: string,
    labels: Readonly<Record<string, string>>,
  ) => GroupFacts | undefined;
  readonly cooldown: (pool: Pool) => CapacityCooldown | undefined;
  /** True when Spot prices are older than the policy allows; they are then not used. */
  readonly pricesAreStale: boolean;
  /** What a person should know of all these facts, whatever is asked: of when they are, and what of them is assumed. */
  readonly remarks?: readonly string[];
}
