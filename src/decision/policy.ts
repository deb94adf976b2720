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

/**
 * How much dearer a choice counts after which 10, 30 or 50 % of the fleet could be lost at once, as a share of its cost;
 * in between in straight lines, beyond by the last one's slope.
 */
export interface LossAtOnce {
  readonly ofTenPercent: number;
  readonly ofThirtyPercent: number;
  readonly ofHalf: number;
}

/** How a decision weighs. Every number is read as it stands; nothing is looked up outside. */
export interface Policy {
  readonly switches: Switches;
  /**
   * `expected-cost`: cost with interruptions in it, against the on-demand equivalent of what is asked. `classic`: price and waste
   * against the dearest candidate, discounted by the crash probability, with filters that give way to nothing.
   */
  readonly formula: 'expected-cost' | 'classic';
  /** What may be paid for a candidate that passes band filter and gate rather than one that does not, as a share of the cost. */
  readonly maxSafetyPremium: number;
  /** 0..1, the safety gate on the even-odds scale: riskier candidates are dropped. */
  readonly maxCrashProbability: number;
  /** 0..1: Spot candidates of a riskier Spot Advisor band are dropped. */
  readonly maxHistoricInterruptRate: number;
  /** 0..1: fully met preferred node affinity is worth this share of 100 points of yield. */
  readonly affinityWeight: number;
  /** 0..1: the same for ScheduleAnyway topology spread. */
  readonly spreadWeight: number;
  /**
   * 0..1: the share of usable free room that later pods fill where pods are small; less where nodes hold few of them. Source:
   * bench/simulations.md, both kinds of scale-down.
   */
  readonly reuseShare: number;
  /**
   * 0..1: how much dearer a node counts for each doubling of the pods on it that the autoscaler does not move, since it runs
   * until the last of them ends. Source: bench/simulations.md.
   */
  readonly nodeTail: number;
  /** Work that an interrupted pod does again, its new start included; priced at on-demand. */
  readonly lostWorkMinutes: number;
  /** What an interrupted pod costs beside its work, in the currency of the prices. */
  readonly interruptionPrice: number;
  readonly lossAtOnce: LossAtOnce;
  /** 0..1: of the CPU that pods ask for, the share that they use over time: what burstable nodes must sustain. */
  readonly burstableLoad: number;
  /** Room on each node that no later pod comes to use: what DaemonSets ask for, and scraps. Source: bench/simulations.md. */
  readonly daemonSets: { readonly cpuMilli: number; readonly memoryBytes: number };
  /** 0..1: leaving (nearly) all pending pods to later scale-ups makes an option this much dearer. */
  readonly unservedWeight: number;
  /** 0..1: of a group over several pools, how much the worst pool counts against the mean of all. */
  readonly worstPoolWeight: number;
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
  /** Hours that a probability looks ahead, unless the model's card names its own. */
  readonly riskHorizonHours: number;
  /** What a price rises by, as a share, when the price model's event comes. */
  readonly forecastRise: number;
  /** How long a capacity class rests. */
  readonly cooldownMs: number;
  /** After so many choices of Spot that did not deliver, pods are served on demand first. */
  readonly spotFailures: number;
  /** And after waiting so long since the first of them. */
  readonly spotWaitMs: number;
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
  formula: 'expected-cost',
  maxSafetyPremium: 0.01,
  maxCrashProbability: 0.85,
  maxHistoricInterruptRate: 0.2,
  affinityWeight: 0.1,
  spreadWeight: 0.05,
  reuseShare: 0.4,
  nodeTail: 0.045,
  lostWorkMinutes: 60,
  interruptionPrice: 2,
  lossAtOnce: { ofTenPercent: 0.012, ofThirtyPercent: 0.036, ofHalf: 0.08 },
  burstableLoad: 0.5,
  daemonSets: { cpuMilli: 400, memoryBytes: 800 * 2 ** 20 },
  unservedWeight: 0.25,
  worstPoolWeight: 0.5,
  equalSetTolerance: 0,
  onAllRejected: 'all',
  maxSizeFactor: 4,
  hotPenalty: 60,
  assumedSpotShare: 0.4,
  windowsSurcharge: 0.95,
  riskHorizonHours: 12,
  forecastRise: 0.03,
  cooldownMs: 600_000,
  spotFailures: 3,
  spotWaitMs: 600_000,
};
