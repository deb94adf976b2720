/** What a unit costs on demand where no price list tells: c5, m5 and r5 in us-east-1, November 2024. */
export const usualOnDemandPerUnit = 0.034;

/**
 * Yield = 100 × (1 − cost / on-demand equivalent) × (1 − probability): the share of the on-demand equivalent's price that is
 * expected to be saved. At most 100; below 0 for what costs more than the equivalent, and then the lower the riskier. Nothing
 * that else is on offer is in it. It falls, rounding included, as cost or probability rises.
 */
export function yieldOf(cost: number, onDemandEquivalent: number, probability: number): number {
  const saved = 1 - cost / onDemandEquivalent;
  const kept = 1 - Math.min(0.999, probability);
  // A price list may hold anything: what costs more than can be told stays a number.
  return Math.max(-Number.MAX_VALUE, 100 * (saved >= 0 ? saved * kept : saved / kept));
}

/** The classic yield, 0..100: against the dearest candidate, which has 0 whatever its risk. */
export function classicYieldOf(cost: number, dearest: number, crashProbability: number): number {
  return dearest > 0 ? 100 * (1 - cost / dearest) * (1 - crashProbability) : 0;
}
