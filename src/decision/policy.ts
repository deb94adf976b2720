/** Parts of the pipeline that can be left out. */
export interface Switches {
  /** Drop Spot candidates by their Spot Advisor band. */
  readonly advisorFilter: boolean;
  /** Ask the risk model; without it every candidate is as risky as any other. */
  readonly riskModel: boolean;
  /** Drop candidates above {@link Policy.maxCrashProbability}. */
  readonly safetyGate: boolean;
  /** Charge what nodes leave unused; without it all of a node's room counts as served. */
  readonly wasteCost: boolean;
  /** Offer larger types beside the pools that were asked for. */
  readonly rightSizing: boolean;
  /** Let live signals outrank the model, and count the fleet's own interruptions. */
  readonly hotPools: boolean;
  /** Let capacity classes rest that did not deliver. */
  readonly capacityCooldown: boolean;
}

/** How a decision weighs. Every number is read as it stands; nothing is looked up outside. */
export interface Policy {
  readonly switches: Switches;
  /** 0..1, the safety gate on the even-odds scale: riskier candidates are dropped. */
  readonly maxCrashProbability: number;
  /** 0..1: Spot candidates of a riskier Spot Advisor band are dropped. */
  readonly maxHistoricInterruptRate: number;
  /** Which probability the yield discounts by. */
  readonly yieldProbability: 'calibrated' | 'even-odds';
  /** 0..1: fully met preferred node affinity is worth this share of 100 points of yield. */
  readonly affinityWeight: number;
  /** 0..1: the same for ScheduleAnyway topology spread. */
  readonly spreadWeight: number;
  /**
   * 0..1: the share of usable free room that later pods fill where pods are small; less where nodes hold few of them. Source:
   * docs/simulate.md, both kinds of scale-down.
   */
  readonly reuseShare: number;
  /**
   * 0..1: how much dearer a node counts for each doubling of the pods on it that the autoscaler does not move, since it runs
   * until the last of them ends. Source: docs/simulate.md.
   */
  readonly nodeTail: number;
  /** What an interruption costs, in hours of the node's on-demand price: an hour of work done again. */
  readonly interruptionHours: number;
  /** 0..1: leaving (nearly) all pending pods to later scale-ups makes an option this much dearer. */
  readonly unservedWeight: number;
  /** 0..1: of a group over several pools, how much the worst pool counts against the mean of all. */
  readonly worstPoolWeight: number;
  /**
   * What the yield measures cost against: the dearest candidate, or the dearest on-demand equivalent where that is
   * higher.
   */
  readonly costReference: 'dearest-candidate' | 'on-demand';
  /** At least 1: candidates dearer than this many times the cheapest do not stretch the yield's scale any further. */
  readonly costSpread: number;
  /** Points of score: candidates within this distance of the best are answered together; 0 answers one id. */
  readonly equalSetTolerance: number;
  /** The answer when every candidate was rejected: all ids, or none on purpose. */
  readonly onAllRejected: 'all' | 'block';
  /** Right-sizing admits types with up to this many times the vCPUs of the type that was asked for. */
  readonly maxSizeFactor: number;
  /** Points of score that a fully hot pool loses beyond its own score, so that it ranks behind every cold one that is no riskier. */
  readonly hotPenalty: number;
  /** 0..1, Spot price as a share of on-demand where only one of the two is known. */
  readonly assumedSpotShare: number;
  /** What Windows adds to a node's price, as a share of its Linux on-demand price. */
  readonly windowsSurcharge: number;
  /** Hours that a probability looks ahead. */
  readonly riskHorizonHours: number;
  /** How long a capacity class rests. */
  readonly cooldownMs: number;
}

const everything: Switches = {
  advisorFilter: true,
  riskModel: true,
  safetyGate: true,
  wasteCost: true,
  rightSizing: true,
  hotPools: true,
  capacityCooldown: true,
};

/** docs/how-decisions-are-made.md tells where each number comes from. */
export const defaultPolicy: Policy = {
  switches: everything,
  maxCrashProbability: 0.85,
  maxHistoricInterruptRate: 0.2,
  yieldProbability: 'calibrated',
  affinityWeight: 0.1,
  spreadWeight: 0.05,
  reuseShare: 0.5,
  nodeTail: 0.03,
  interruptionHours: 1,
  unservedWeight: 0.25,
  worstPoolWeight: 0.5,
  costReference: 'dearest-candidate',
  costSpread: 10,
  equalSetTolerance: 0,
  onAllRejected: 'all',
  maxSizeFactor: 4,
  hotPenalty: 20,
  assumedSpotShare: 0.4,
  windowsSurcharge: 0.95,
  riskHorizonHours: 12,
  cooldownMs: 600_000,
};
