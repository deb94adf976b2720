import type { Losses } from './expected-losses.ts';
import type { SimulationSettings } from './simulation-settings.ts';

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
  readonly disturbedPods: number;
  /** USD. */
  readonly disturbanceCost: number;
  readonly lostVcpuHours: number;
  /** Pods that the largest loss within a minute takes. */
  readonly largestLoss: number;
  /** Losses of more than a quarter of the pods. */
  readonly largeLosses: number;
  /** 0..1 of the vCPUs, the largest pool of each moment. */
  readonly largestPoolAtOnce: number;
  /** Launches whose price spiked. */
  readonly spikesMet: number;
  /** Scale-ups that brought fewer nodes than were asked for. */
  readonly failedLaunches: number;
  /** From when a pod began to wait to its start, all starts together. */
  readonly waitedPodHours: number;
  /** Starts of pods, those after an eviction included. */
  readonly podStarts: number;
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
  spikesMet = 0;
  unplaceable = 0;
  decisions = 0;
  failedLaunches = 0;
  #waitedMs = 0;
  #podStarts = 0;
  #nodesCost = 0;
  #nodeHours = 0;
  #usefulMilliMs = 0;
  #lostMilliMs = 0;
  #disturbedPods = 0;
  #disturbanceCost = 0;
  #largeLosses = 0;
  #largestLoss = 0;
  #minute = { sinceMs: -Infinity, pods: 0 };
  readonly #hoursByPool = new Map<string, number>();

  addNode(pool: string, ranMs: number, cost: number): void {
    const hours = ranMs / hourMs;
    this.#nodesCost += cost;
    this.#nodeHours += hours;
    this.#hoursByPool.set(pool, (this.#hoursByPool.get(pool) ?? 0) + hours);
  }

  addWait(ms: number): void {
    this.#waitedMs += ms;
    this.#podStarts += 1;
  }

  addLost(cpuMilli: number, ms: number): void {
    this.#lostMilliMs += ms * cpuMilli;
  }

  addWork(cpuMilli: number, ms: number): void {
    this.#usefulMilliMs += ms * cpuMilli;
  }

  /** So many pods go at one moment, out of those of the fleet. */
  lose(pods: number, ofFleet: number, atMs: number, price: SimulationSettings['disturbance']): void {
    const { sinceMs, pods: before } = this.#minute;
    this.#minute = atMs - sinceMs > 60_000 ? { sinceMs: atMs, pods } : { sinceMs, pods: before + pods };
    this.#largestLoss = Math.max(this.#largestLoss, this.#minute.pods);
    if (pods > ofFleet / 4) this.#largeLosses += 1;
    this.#disturbedPods += pods;
    this.#disturbanceCost += price.perPod * pods * (1 + (price.atOnce * pods) / Math.max(1, ofFleet));
  }

  /** What was drawn, or what is expected where nothing was. */
  outcome(expander: string, expected: Losses, isDrawn: boolean): RunOutcome {
    const drawn: Losses = {
      interruptions: this.interruptions,
      disturbedPods: this.#disturbedPods,
      lostVcpuHours: this.#lostMilliMs / hourMs / 1000,
      disturbanceCost: this.#disturbanceCost,
      largestLoss: this.#largestLoss,
      largeLosses: this.#largeLosses,
      largestPoolAtOnce: expected.largestPoolAtOnce,
    };
    const losses = isDrawn ? drawn : expected;
    // What is drawn is done again and was never counted.
    const lost = isDrawn ? 0 : expected.lostVcpuHours;
    return {
      ...losses,
      expander,
      nodesCost: this.#nodesCost,
      usefulVcpuHours: this.#usefulMilliMs / hourMs / 1000 - lost,
      nodeHours: this.#nodeHours,
      launches: this.launches,
      spikesMet: this.spikesMet,
      failedLaunches: this.failedLaunches,
      waitedPodHours: this.#waitedMs / hourMs,
      podStarts: this.#podStarts,
      unplaceable: this.unplaceable,
      decisions: this.decisions,
      hoursByPool: this.#hoursByPool,
    };
  }
}
