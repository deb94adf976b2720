const hourMs = 3_600_000;

/** What a cluster came to with one expander. */
export interface RunOutcome {
  readonly expander: string;
  /** USD for nodes. */
  readonly nodesCost: number;
  /** vCPU-hours that pods asked for and that were not lost. */
  readonly usefulVcpuHours: number;
  readonly nodeHours: number;
  readonly launches: number;
  readonly interruptions: number;
  readonly evictedPods: number;
  /** Launches whose price spiked. */
  readonly spikesMet: number;
  /** Pods that no group could take. */
  readonly unplaceable: number;
  readonly decisions: number;
  /** Node-hours by pool. */
  readonly hoursByPool: ReadonlyMap<string, number>;
}

/** What is counted while a cluster runs. */
export class RunTally {
  launches = 0;
  interruptions = 0;
  evictedPods = 0;
  spikesMet = 0;
  unplaceable = 0;
  decisions = 0;
  #nodesCost = 0;
  #nodeHours = 0;
  #usefulMilliMs = 0;
  readonly #hoursByPool = new Map<string, number>();

  addNode(pool: string, ranMs: number, cost: number): void {
    const hours = ranMs / hourMs;
    this.#nodesCost += cost;
    this.#nodeHours += hours;
    this.#hoursByPool.set(pool, (this.#hoursByPool.get(pool) ?? 0) + hours);
  }

  addWork(cpuMilli: number, ms: number): void {
    this.#usefulMilliMs += ms * cpuMilli;
  }

  outcome(expander: string): RunOutcome {
    return {
      expander,
      nodesCost: this.#nodesCost,
      usefulVcpuHours: this.#usefulMilliMs / hourMs / 1000,
      nodeHours: this.#nodeHours,
      launches: this.launches,
      interruptions: this.interruptions,
      evictedPods: this.evictedPods,
      spikesMet: this.spikesMet,
      unplaceable: this.unplaceable,
      decisions: this.decisions,
      hoursByPool: this.#hoursByPool,
    };
  }
}
