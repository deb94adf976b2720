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
  /** 0..1, what is to be expected next month: the band drawn to those of its family, of other regions and of its size. */
  readonly expectedRate?: number;
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
  /** As many nodes as the group may have; absent where nothing tells. */
  readonly maxNodes?: number;
  readonly source: 'configuration' | 'auto-scaling-group';
  /** What the operator wants of the group beside what it is. */
  readonly wishes?: GroupWishes;
}

/** What an operator says of a group's place among the others; what is absent changes nothing. */
export interface GroupWishes {
  /** Above 0: the group counts as this many times cheaper than it is. */
  readonly weight?: number;
  /** What a node really costs, as a share of the known price: an agreed discount, capacity paid for already. */
  readonly priceFactor?: number;
  /** The lowest goes first, whatever the cost; groups without one come last. */
  readonly rank?: number;
  /** 0..1 of the fleet's nodes: below it the group goes before all of its rank. */
  readonly minShare?: number;
  /** 0..1 of the fleet's nodes: where its nodes would be more the group goes behind all others. */
  readonly maxShare?: number;
  /** Nodes in this zone count as if every pod preferred them. */
  readonly preferZone?: string;
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

/** How many nodes and vCPUs the fleet has somewhere. */
export interface FleetPart {
  readonly nodes: number;
  readonly vcpus: number;
}

/** Where the fleet runs now. Every number at least 0, and no part larger than `all`. */
export interface FleetView {
  /** `nodes`: the cluster's Nodes are watched; `answers`: from what was asked and answered lately. */
  readonly source: 'nodes' | 'answers';
  readonly all: FleetPart;
  /** Of this type, zone and capacity type. */
  readonly pool: (pool: Pool) => FleetPart;
  /** Spot of this type, in all zones. */
  readonly type: (pool: Pool) => FleetPart;
  /** Spot in this zone, of all types. */
  readonly zone: (pool: Pool) => FleetPart;
  /** Nodes in this zone, however they were bought. */
  readonly inZone: (zone: string) => number;
  readonly group: (nodeGroupId: string) => FleetPart;
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
  /** The rest of a group alone, whose pools deliver to others; absent where none is remembered. */
  readonly groupCooldown?: (nodeGroupId: string) => CapacityCooldown | undefined;
  /**
   * What a unit (a vCPU or its worth) costs an hour on demand, over all types with a known price: what yields are measured
   * against, the same whatever is on offer. Absent where no on-demand price is known.
   */
  readonly onDemandPerUnit?: (kind: 'plain' | 'accelerated') => number | undefined;
  /** Absent where nothing tells. */
  readonly fleet?: FleetView;
  /** Why on-demand goes before Spot for the pods that wait now; absent while it does not. */
  readonly onDemandFirst?: string;
  /** The horizon on the card of the model that `risk` speaks for. */
  readonly horizonHours?: number;
  /** True when Spot prices are older than the policy allows; they are then not used. */
  readonly pricesAreStale: boolean;
  /** What a person should know of all these facts, whatever is asked: of when they are, and what of them is assumed. */
  readonly remarks?: readonly string[];
}
