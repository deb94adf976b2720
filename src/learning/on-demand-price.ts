import type { PriceSeries } from './price-series.ts';

/** Looks an on-demand price up, USD per hour. */
export type OnDemandTable = (instanceType: string, region: string) => number | undefined;

/** Which of the three tiers a price came from. `guessed` makes the discount a constant: it says nothing of the pool. */
export type OnDemandTier = 'series' | 'table' | 'guessed';

export interface OnDemandPrice {
  /** USD per hour; undefined when guessed, because the guess is four times the Spot price of the moment. */
  readonly pricePerHour: number | undefined;
  readonly tier: OnDemandTier;
}

/** Spot is taken to cost a quarter of on-demand where nothing better is known. */
export const guessedDiscountDepth = 0.75;

/** The series' own on-demand price, else the table's, else a guess that is marked as one. */
export function onDemandPrice(series: PriceSeries, table: OnDemandTable): OnDemandPrice {
  const own = series.onDemandPerHour;
  if (own !== undefined && own > 0) return { pricePerHour: own, tier: 'series' };
  const known = table(series.instanceType, series.region);
  if (known !== undefined && known > 0) return { pricePerHour: known, tier: 'table' };
  return { pricePerHour: undefined, tier: 'guessed' };
}
