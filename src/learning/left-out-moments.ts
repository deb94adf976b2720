import { lastAtOrBefore, lookbackMs } from './price-lattice.ts';
import type { PriceSeries } from './price-series.ts';

/** Pools with a price at a moment that get no row of features none the less, counted over the moments. */
export interface LeftOutMoments {
  /** Without a price seven days before: too young, or absent then. */
  readonly withoutPast: number;
  /** Cheaper than the least price. */
  readonly tooCheap: number;
}

/** Why pools that have a price get no row. `timesMs` ascends. */
export function leftOutMoments(
  series: readonly PriceSeries[],
  timesMs: Float64Array,
  minPricePerHour: number,
): LeftOutMoments {
  let withoutPast = 0;
  let tooCheap = 0;
  for (const { atMs, pricePerHour } of series) {
    const priceAt = priceForward(atMs, pricePerHour);
    const priceBefore = priceForward(atMs, pricePerHour);
    for (const time of timesMs) {
      const price = priceAt(time);
      if (!(price > 0)) continue;
      if (!(priceBefore(time - lookbackMs) > 0)) withoutPast += 1;
      else if (price < minPricePerHour) tooCheap += 1;
    }
  }
  return { withoutPast, tooCheap };
}

/** The price in force at moments that ascend; NaN while there is none. */
function priceForward(atMs: Float64Array, pricePerHour: Float64Array): (time: number) => number {
  let index = -2;
  return (time) => {
    if (index === -2) index = lastAtOrBefore(atMs, time);
    while ((atMs[index + 1] ?? Number.POSITIVE_INFINITY) <= time) index += 1;
    return pricePerHour[index] ?? Number.NaN;
  };
}
