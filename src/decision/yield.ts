import type { Policy } from './policy.ts';

/** Relative difference below which two costs are the same cost computed in another order. */
const noise = 1e-9;

/**
 * The cost that the yield measures against: the dearest, but at most `costSpread` times the cheapest, so that one
 * absurd candidate does not make all others look alike. 0 when all cost the same: then cost tells nothing and leaves
 * the yield to risk.
 */
export function highestCost(costs: readonly number[], { costSpread }: Pick<Policy, 'costSpread'>): number {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const cost of costs) {
    if (cost < lowest) lowest = cost;
    if (cost > highest) highest = cost;
  }
  if (highest - lowest <= highest * noise) return 0;
  return Math.min(highest, lowest * costSpread);
}

/**
 * Yield, 0..100 = 100 × (1 − TCO / highest TCO) × (1 − probability).
 * The dearest candidate has yield 0 whatever its risk: between two candidates the formula prefers the cheaper,
 * however small the difference, as long as the safety gate lets it pass (`costReference: on-demand` measures against
 * a cost that is not itself a candidate and weighs risk there too).
 * Both factors fall, rounding included, as their argument rises: a candidate that is no dearer and no riskier never
 * has the lower yield.
 */
export function yieldOf(tco: number, highest: number, probability: number): number {
  const saved = highest === 0 ? 1 : Math.max(0, 1 - tco / highest);
  return 100 * saved * (1 - probability);
}
