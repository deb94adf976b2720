import type { SimulationSettings } from './simulation-settings.ts';

const hourMs = 3_600_000;
/** By how much the sizes of losses are told apart: eight steps for each doubling. */
const stepsPerDoubling = 8;
const mostSteps = 20 * stepsPerDoubling;

/** What interruptions are expected to take from one fleet. */
export interface Losses {
  readonly interruptions: number;
  readonly disturbedPods: number;
  readonly lostVcpuHours: number;
  /** USD. */
  readonly disturbanceCost: number;
  /** Pods that the largest loss within a minute takes. */
  readonly largestLoss: number;
  /** Losses of more than a quarter of the fleet's pods. */
  readonly largeLosses: number;
  /** 0..1 of the fleet's vCPUs, the pool that has most, by node-hours. */
  readonly largestPoolAtOnce: number;
}

interface Pool {
  nodes: number;
  vcpus: number;
  pods: number;
  podsSquared: number;
  cpuMilli: number;
}

/**
 * Weighs at every moment what each pool could lose by how likely it does, while the fleet runs on: far fewer seeds tell two
 * expanders apart than with interruptions that are drawn, since those are rare.
 */
export class ExpectedLosses {
  readonly #settings: SimulationSettings;
  readonly #pools: Pool[];
  readonly #places: number[];
  readonly #draws: readonly number[];
  #nowMs = -Infinity;
  #pods = 0;
  #vcpus = 0;
  #interruptions = 0;
  #disturbedPods = 0;
  #lostVcpuHours = 0;
  #cost = 0;
  #largeLosses = 0;
  #largestPoolHours = 0;
  #hours = 0;
  /** How many losses of at least so many pods are expected. */
  readonly #bySize = new Float64Array(mostSteps);

  /** `poolOf` names the pool of each of the world's groups: several groups may share one. */
  constructor(settings: SimulationSettings, poolOf: readonly number[]) {
    this.#settings = settings;
    this.#places = [...poolOf];
    this.#pools = Array.from({ length: Math.max(0, ...poolOf) + 1 }, () => ({
      nodes: 0,
      vcpus: 0,
      pods: 0,
      podsSquared: 0,
      cpuMilli: 0,
    }));
    const { least, most } = settings.bursts;
    this.#draws = [0.1, 0.3, 0.5, 0.7, 0.9].map((at) => least + at * (most - least));
  }

  /** A node of a group comes (1) or goes (−1). */
  node(place: number, vcpus: number, by: 1 | -1): void {
    const pool = this.#pool(place);
    pool.nodes += by;
    pool.vcpus += by * vcpus;
    this.#vcpus += by * vcpus;
  }

  /** The pods of one node become as many. */
  pods(place: number, before: number, after: number, cpuMilli: number): void {
    const pool = this.#pool(place);
    pool.pods += after - before;
    pool.podsSquared += after * after - before * before;
    pool.cpuMilli += cpuMilli;
    this.#pods += after - before;
  }

  /** Weighs what has been the case until now. */
  passTo(atMs: number): void {
    const hours = (Math.min(atMs, this.#settings.toMs) - this.#nowMs) / hourMs;
    this.#nowMs = Math.max(this.#nowMs, atMs);
    if (!(hours > 0 && hours < Infinity) || this.#pods === 0) return;
    let largest = 0;
    const seen = new Set<Pool>();
    this.#places.forEach((_, place) => {
      const pool = this.#pool(place);
      if (pool.nodes === 0 || seen.has(pool)) return;
      seen.add(pool);
      largest = Math.max(largest, pool.vcpus);
      this.#weigh(pool, this.#settings.groups[place]?.hazardPerHour ?? 0, hours);
    });
    if (this.#vcpus > 0) {
      this.#largestPoolHours += (hours * largest) / this.#vcpus;
      this.#hours += hours;
    }
  }

  losses(): Losses {
    // The chance that nothing of at least this size happened is exp(−expected number); the mean of the largest is the sum over sizes.
    let largest = 0;
    let below = 0;
    for (let step = 0; step < mostSteps; step += 1) {
      const size = 2 ** (step / stepsPerDoubling);
      largest += (size - below) * -Math.expm1(-(this.#bySize[step] ?? 0));
      below = size;
    }
    return {
      interruptions: this.#interruptions,
      disturbedPods: this.#disturbedPods,
      lostVcpuHours: this.#lostVcpuHours,
      disturbanceCost: this.#cost,
      largestLoss: largest,
      largeLosses: this.#largeLosses,
      largestPoolAtOnce: this.#hours === 0 ? 0 : this.#largestPoolHours / this.#hours,
    };
  }

  #weigh(pool: Pool, hazard: number, hours: number): void {
    const { bursts, disturbance, lostWorkMs } = this.#settings;
    const events = hazard * hours;
    if (!(events > 0)) return;
    this.#interruptions += events * pool.nodes;
    this.#disturbedPods += events * pool.pods;
    this.#lostVcpuHours += (events * pool.cpuMilli * lostWorkMs) / hourMs / 1000;
    const alone = events * (1 - bursts.together);
    this.#cost +=
      alone * disturbance.perPod * (pool.pods + (disturbance.atOnce * pool.podsSquared) / this.#pods);
    this.#note(alone * pool.nodes, pool.pods / pool.nodes);
    const mean = (bursts.least + bursts.most) / 2;
    for (const taken of this.#draws) {
      const times = (events * bursts.together) / mean / this.#draws.length;
      const lost = taken * pool.pods;
      this.#cost += times * disturbance.perPod * lost * (1 + (disturbance.atOnce * lost) / this.#pods);
      this.#note(times, lost);
    }
  }

  #note(times: number, pods: number): void {
    if (pods > this.#pods / 4) this.#largeLosses += times;
    const last = Math.min(mostSteps - 1, Math.floor(Math.log2(Math.max(1, pods)) * stepsPerDoubling));
    for (let step = 0; step <= last; step += 1) this.#bySize[step] = (this.#bySize[step] ?? 0) + times;
  }

  #pool(place: number): Pool {
    const pool = this.#pools[this.#places[place] ?? -1];
    if (pool === undefined) throw new RangeError(`no group ${place}`);
    return pool;
  }
}
