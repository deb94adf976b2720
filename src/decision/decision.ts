import type { CapacityCooldown, InstanceTypeFacts, PoolSignal, RiskSource } from './knowledge.ts';
import type { CapacityType, Pool } from './pool.ts';
import type { InterruptionEvidence } from './evidence.ts';
import type { Degradation } from './degradation.ts';
import type { LayerName } from './layers.ts';

/** Why a candidate left the context. */
export const dropReasons = [
  'duplicate',
  'too-small',
  'interrupt-rate',
  'above-on-demand',
  'crash-probability',
  'no-price',
  'no-size',
  'not-better',
  'hot-pool',
  'internal-fault',
] as const;

export type DropReason = (typeof dropReasons)[number];

/** Where the price of a node came from; everything but the first two is an assumption that the sentence names. */
export type PriceSource = 'spot' | 'on-demand' | 'mixed' | 'assumed';

/** What came to be known of a candidate, as far as it got. Prices are USD per hour for one node. */
export interface CandidateFacts {
  readonly id: string;
  /** The first of its types and zones where it has several; empty when none is known. */
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
  readonly capacityType: CapacityType;
  readonly pools: readonly Pool[];
  readonly nodeCount: number;
  readonly architecture: InstanceTypeFacts['architecture'];
  readonly vcpu?: number;
  readonly memoryGib?: number;
  readonly spotPerHour?: number;
  readonly onDemandPerHour?: number;
  /** 0..1, of the Spot Advisor's band. */
  readonly historicInterruptRate?: number;
  /** 0..1, at even prior odds: the gate's scale. */
  readonly crashProbability?: number;
  /** 0..1, calibrated. */
  readonly expectedFrequency?: number;
  readonly riskSource: RiskSource;
  /** 0 (cold) .. 1, of its pools' live signals; absent when it was dropped before they were asked. */
  readonly heat?: number;
  /** The asked candidate that this larger type was admitted for by right-sizing. */
  readonly admittedFor?: string;
}

/** A candidate that no layer dropped. */
export interface RankedCandidate extends CandidateFacts {
  /** What one node costs in this comparison, USD per hour. */
  readonly pricePerHour: number;
  readonly priceSource: PriceSource;
  /** USD per hour that all its nodes together leave unused. */
  readonly wastePerHour: number;
  /** USD per hour for one unit (a vCPU or its worth) of what the pods asked for. */
  readonly tco: number;
  readonly crashProbability: number;
  readonly expectedFrequency: number;
  /** 0..1 of the fleet that could be lost at once with one of its nodes; 0 where no fleet is in view. */
  readonly shareAtOnce: number;
  /** At most 100; below 0 what costs more than the on-demand equivalent. */
  readonly yield: number;
  /** 0..1, how far preferred node affinity is met; absent when no pod has any. */
  readonly affinity?: number;
  /** 0..1, the same for topology spread. */
  readonly spread?: number;
  /** 0..1 at even odds: the chance of an interruption by which the gate judges it. */
  readonly gateProbability: number;
  readonly evidenceSource: InterruptionEvidence['source'];
  /** A filter objects to it and gave way. */
  readonly isReadmitted: boolean;
  /** 0 (cold) .. 1. */
  readonly heat: number;
  readonly signal?: PoolSignal;
  readonly cooldown?: CapacityCooldown;
  /** Yield, plus met preferences, less heat and what a filter holds against it: what the order is by, within those that do not rest. */
  readonly score: number;
  readonly sentence: string;
}

/** A candidate that a layer dropped. */
export interface Drop {
  readonly id: string;
  readonly layer: LayerName;
  readonly reason: DropReason;
  readonly sentence: string;
  readonly facts: CandidateFacts;
}

/** On-demand is first only because filters dropped Spot that costs less. */
export interface ForcedOnDemand {
  readonly id: string;
  readonly insteadOf: string;
  /** Above 0: how much dearer it is, as a share of what the Spot candidate costs. */
  readonly dearerBy: number;
}

/** Candidates best first; with the drops they are all that there were. */
export interface PoolRanking {
  readonly ranked: readonly RankedCandidate[];
  readonly drops: readonly Drop[];
  readonly degradation: Degradation;
  /** One sentence. */
  readonly reason: string;
  /** What else a person should know: assumptions, look-ups that failed. */
  readonly remarks: readonly string[];
  readonly forcedOnDemand?: ForcedOnDemand;
}

/** What the autoscaler is told, and why. */
export interface ScaleUpDecision extends PoolRanking {
  /** Ids of the request, each once; empty only for a request without options or when the policy says `block`. */
  readonly answer: readonly string[];
}

/** What shall happen with a running instance. */
export interface InstanceDecision {
  readonly decision: 'STAY' | 'SWITCH' | 'DRAIN' | 'EVACUATE';
  /** One sentence. */
  readonly reason: string;
  readonly signal: 'NONE' | 'REBALANCE' | 'TERMINATION';
  /** When the signal was given, or when this was decided. */
  readonly atMs: number;
  /** Both absent where nothing tells the risk. */
  readonly crashProbability?: number;
  readonly expectedFrequency?: number;
  readonly riskSource: RiskSource;
  /** For SWITCH: where to. */
  readonly proposed?: RankedCandidate;
  /** Its reasons hold as well what a person should know of the facts as a whole. */
  readonly degradation: Degradation;
}
