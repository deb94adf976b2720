import type { Bursts } from './simulation-settings.ts';
import type { TraceSet } from './trace-archive.ts';

/** Nodes of one pool that went within one tick: `lost` of the `held` that ran in it. */
export interface LossInPool {
  readonly lost: number;
  readonly held: number;
  /** How much it counts: every pool as much as the others. */
  readonly weight: number;
}

/** What traces say of how pools take their nodes back. */
export interface BurstFit {
  /** Pools of two or more nodes that lost any. */
  readonly pools: number;
  readonly losses: number;
  /** 0..1, of the lost nodes, those that went in one tick with others. */
  readonly lostTogether: number;
  /** The simulator's own bursts as they fit best. */
  readonly bursts: Bursts;
}

/** Every loss of a fleet that keeps as many nodes in each pool as it ever held, whenever they are there. */
export function lossesIn(sets: readonly TraceSet[]): readonly LossInPool[] {
  return sets.flatMap(({ pools }) =>
    pools.flatMap(({ available }) => {
      const losses: { lost: number; held: number }[] = [];
      let held = Math.floor(available[0] ?? 0);
      let most = held;
      for (const now of available.slice(1)) {
        const left = Math.floor(now);
        most = Math.max(most, left);
        if (left < held) losses.push({ lost: held - left, held });
        held = left;
      }
      return most < 2 ? [] : losses.map((loss) => ({ ...loss, weight: 1 / losses.length }));
    }),
  );
}

/**
 * Maximum likelihood under the simulator's own model: nodes go one by one at (1 − together) of their hazard, and in events that
 * take each node of a pool with p drawn evenly from least to most. Undefined where no pool of several nodes lost any.
 */
export function burstFit(sets: readonly TraceSet[]): BurstFit | undefined {
  const losses = lossesIn(sets);
  if (losses.length === 0) return undefined;
  const sum = losses.reduce((all, { lost }) => all + lost, 0);
  const together = losses.reduce((all, { lost }) => all + (lost > 1 ? lost : 0), 0);
  const pools = losses.reduce((all, { weight }) => all + weight, 0);
  return {
    pools: Math.round(pools),
    losses: losses.length,
    lostTogether: together / sum,
    bursts: likeliest(kindsOf(losses)),
  };
}

function kindsOf(losses: readonly LossInPool[]): readonly LossInPool[] {
  const kinds = new Map<string, LossInPool>();
  for (const loss of losses) {
    const key = `${loss.lost}/${loss.held}`;
    kinds.set(key, { ...loss, weight: loss.weight + (kinds.get(key)?.weight ?? 0) });
  }
  return [...kinds.values()];
}

const steps = 20;
const shares = 100;
const middles = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95];

function likeliest(kinds: readonly LossInPool[]): Bursts {
  let best: Bursts = { together: 0, least: 0.5, most: 0.5 };
  let highest = -Infinity;
  for (let most = 1; most <= steps; most += 1)
    for (let least = 0; least <= most; least += 1) {
      const taken = middles.map((at) => (least + at * (most - least)) / steps);
      const mean = (least + most) / 2 / steps;
      const all = kinds.map(({ lost, held, weight }) => ({
        alone: lost === 1 ? held : 0,
        held,
        weight,
        burst: meanOver(taken, (p) => binomial(lost, held, p)) / mean,
        seen: meanOver(taken, (p) => 1 - (1 - p) ** held) / mean,
      }));
      for (let share = 0; share <= shares; share += 1) {
        const together = share / shares;
        let likelihood = 0;
        for (const { alone, burst, seen, held, weight } of all)
          likelihood +=
            weight *
            Math.log((alone * (1 - together) + burst * together) / (held * (1 - together) + seen * together));
        if (likelihood > highest) {
          highest = likelihood;
          best = { together, least: least / steps, most: most / steps };
        }
      }
    }
  return best;
}

function meanOver(values: readonly number[], of: (value: number) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0) / values.length;
}

function binomial(taken: number, of: number, probability: number): number {
  let ways = 1;
  for (let one = 1; one <= taken; one += 1) ways *= (of - taken + one) / one;
  return ways * probability ** taken * (1 - probability) ** (of - taken);
}
