import { chanceFrom } from './chance.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** `draws` times as many blocks as there are, drawn with replacement: how often each block counts in each draw. */
export function blockDraws(blockCount: number, draws: number, seed: number): Float64Array[] {
  const chance = chanceFrom(seed);
  return Array.from({ length: draws }, () => {
    const weights = new Float64Array(blockCount);
    for (let pick = 0; pick < blockCount; pick += 1) {
      const block = Math.floor(chance() * blockCount);
      weights[block] = (weights[block] ?? 0) + 1;
    }
    return weights;
  });
}

/** The middle 95 % of the values; what is not a number is left out. */
export function interval95(values: Iterable<number>): Interval {
  const sorted = [...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(Math.max(Math.round(share * (sorted.length - 1)), 0), sorted.length - 1)] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
