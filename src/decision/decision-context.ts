import type { CandidateFacts, Drop, DropReason, PriceSource } from './decision.ts';
import type { DegradationStep } from './degradation.ts';
import type { CapacityCooldown, InstanceTypeFacts, PoolSignal, RiskSource } from './knowledge.ts';
import type { GroupWishes } from './knowledge.ts';
import type { InterruptionEvidence } from './evidence.ts';
import type { LayerName } from './layers.ts';
import type { CapacityType, Pool } from './pool.ts';
import type { Resources } from './resources.ts';

/** What the pods of a candidate ask for in sum. */
export interface Demand {
  readonly resources: Resources;
  /** The same as one number, see {@link unitsOf}; above 0. */
  readonly units: number;
}

/** After the input adapter: what was asked, in one shape for all three kinds of question. */
export interface Candidate {
  readonly id: string;
  readonly pools: readonly Pool[];
  readonly capacityType: CapacityType;
  /** 0..1; 1 where all nodes are on-demand. */
  readonly onDemandShare: number;
  /** By type: how many of its nodes one instance stands for; 1 where it says nothing. */
  readonly countsFor?: Readonly<Record<string, number>>;
  readonly operatingSystem: 'linux' | 'windows';
  readonly labels: Readonly<Record<string, string>>;
  readonly architecture: InstanceTypeFacts['architecture'];
  readonly nodeCount: number;
  /** What pods can use of one node; undefined when nothing tells. */
  readonly nodeSize: Resources | undefined;
  /** Undefined when no pod of it could be read. */
  readonly demand: Demand | undefined;
  /** 0..1, the share of all that waits which this candidate serves. */
  readonly coverage: number;
  /** Indices into the request's pods. */
  readonly pods: ArrayLike<number>;
  readonly wishes?: GroupWishes;
  readonly admittedFor?: string;
}

export interface NodePrice {
  readonly perHour: number;
  readonly source: PriceSource;
  /** What the same node costs on demand; undefined when that is not known. */
  readonly onDemandPerHour?: number;
  readonly spotPerHour?: number;
}

/** After static intelligence: facts, bands and prices looked up. */
export interface Known extends Candidate {
  readonly typeFacts: InstanceTypeFacts | undefined;
  readonly price: NodePrice | undefined;
  readonly historicInterruptRate: number | undefined;
  /** What a filter holds against it: it is dropped unless what the filter lets pass is dearer than safety may cost. */
  readonly objection: LayerObjection | undefined;
}

export type RiskStep = Exclude<DegradationStep, 'all-ids'>;

/** Two probabilities 0..1 on the two scales, where they came from, and the step of the ladder that this was. */
export interface CandidateRisk {
  readonly crashProbability: number;
  readonly expectedFrequency: number;
  readonly source: RiskSource;
  readonly step: RiskStep;
}

/** After the risk engine. */
export interface Assessed extends Known {
  readonly risk: CandidateRisk;
  readonly evidence: InterruptionEvidence;
  /** Interruptions of one node an hour as the fleet met them; 0 for on-demand, undefined where no fleet is watched. */
  readonly fleetHazard: number | undefined;
}

/** After the optimizer: priced, weighed and scored. */
export interface Scored extends Assessed {
  readonly price: NodePrice;
  readonly wastePerHour: number;
  /** 0..1 of the nodes' worth. */
  readonly wasteShare: number;
  readonly tco: number;
  /** 0..1 of the fleet that could be lost at once with one of its nodes; 0 where no fleet is in view. */
  readonly shareAtOnce: number;
  readonly yield: number;
  readonly affinity: number | undefined;
  readonly spread: number | undefined;
  /** Yield and met preferences; what a filter objects to counts as dearer by what safety may cost. */
  readonly score: number;
  /** The same without regard to filters. */
  readonly scoreUnfiltered: number;
}

/** After the reactive override: in order, best first. */
export interface Ranked extends Scored {
  readonly heat: number;
  /** The hottest of its pools' live signals. */
  readonly signal: PoolSignal | undefined;
  /** All of its Spot pools gave a termination notice. */
  readonly ends: boolean;
  readonly cooldown: CapacityCooldown | undefined;
  /** Spot, for pods that it was chosen for in vain too often. */
  readonly waitsForOnDemand: boolean;
  /** Where the operator's wishes put it, see `wishOrder`; the lowest first. */
  readonly wishOrder: number;
  /** Of its pools and zones, nodes that the fleet has there; 0 where no fleet is in view. */
  readonly nodesThere: number;
  /** A filter objects to it and gave way; why. */
  readonly readmitted: string | undefined;
}

/** What passes through the layers. `candidates` and `drops` together are always all that there were. */
export interface DecisionContext<Stage extends Candidate> {
  readonly candidates: readonly Stage[];
  readonly drops: readonly Drop[];
}

/** The facts of a candidate at whatever stage it is. */
export function factsOf(
  candidate: Candidate & Partial<Assessed> & Partial<Pick<Ranked, 'heat'>>,
): CandidateFacts {
  const { typeFacts, price, risk, historicInterruptRate, admittedFor, heat } = candidate;
  const [first] = candidate.pools;
  const facts: { -readonly [Key in keyof CandidateFacts]: CandidateFacts[Key] } = {
    id: candidate.id,
    instanceType: first?.instanceType ?? '',
    zone: first?.zone ?? '',
    region: first?.region ?? '',
    capacityType: candidate.capacityType,
    pools: candidate.pools,
    nodeCount: candidate.nodeCount,
    architecture: candidate.architecture,
    riskSource: risk?.source ?? 'none',
  };
  if (typeFacts !== undefined) {
    facts.vcpu = typeFacts.vcpu;
    facts.memoryGib = typeFacts.memoryGib;
  }
  if (price?.spotPerHour !== undefined) facts.spotPerHour = price.spotPerHour;
  if (price?.onDemandPerHour !== undefined) facts.onDemandPerHour = price.onDemandPerHour;
  if (historicInterruptRate !== undefined) facts.historicInterruptRate = historicInterruptRate;
  if (risk !== undefined) {
    facts.crashProbability = risk.crashProbability;
    facts.expectedFrequency = risk.expectedFrequency;
  }
  if (heat !== undefined) facts.heat = heat;
  if (admittedFor !== undefined) facts.admittedFor = admittedFor;
  return facts;
}

export function dropped(candidate: Candidate, layer: LayerName, reason: DropReason, sentence: string): Drop {
  return { id: candidate.id, layer, reason, sentence, facts: factsOf(candidate) };
}

/** What a layer found wrong with a candidate; undefined when nothing is. */
export interface Objection {
  readonly reason: DropReason;
  readonly sentence: string;
}

export interface LayerObjection extends Objection {
  readonly layer: LayerName;
}

/** The context without the candidates that meet an objection. */
export function without<Stage extends Candidate>(
  context: DecisionContext<Stage>,
  layer: LayerName,
  objectionTo: (candidate: Stage) => Objection | undefined,
): DecisionContext<Stage> {
  const candidates: Stage[] = [];
  const drops: Drop[] = [];
  for (const candidate of context.candidates) {
    const objection = objectionTo(candidate);
    if (objection === undefined) candidates.push(candidate);
    else drops.push(dropped(candidate, layer, objection.reason, objection.sentence));
  }
  return drops.length === 0 ? context : { candidates, drops: [...context.drops, ...drops] };
}
