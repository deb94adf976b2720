import type { PriceSeries } from '../../learning/price-series.ts';
import { lastAtOrBefore } from '../../learning/price-lattice.ts';

const hourMs = 3_600_000;

/** What a pool cost at every moment of the past; times in epoch milliseconds, prices in USD per hour. */
export interface PoolPriceBook {
  /** NaN before the first price and while the pool is absent. */
  readonly priceAt: (atMs: number) => number;
  /** USD for one node over a span; an absent pool's nodes go on at its last price. */
  readonly costBetween: (fromMs: number, toMs: number) => number;
  /** True when the price reaches `(1 + rise)` times that of `atMs` within `withinMs` after it. */
  readonly risesAfter: (atMs: number, withinMs: number, rise: number) => boolean;
}

export function poolPriceBook(series: PriceSeries): PoolPriceBook {
  const { atMs: times, pricePerHour } = series;
  const carried = carriedPrices(pricePerHour);
  const spent = new Float64Array(times.length);
  for (let index = 1; index < times.length; index += 1)
    spent[index] =
      (spent[index - 1] ?? 0) +
      ((carried[index - 1] ?? 0) * ((times[index] ?? 0) - (times[index - 1] ?? 0))) / hourMs;
  const spentUntil = (atMs: number): number => {
    const index = lastAtOrBefore(times, atMs);
    if (index < 0) return 0;
    return (spent[index] ?? 0) + ((carried[index] ?? 0) * (atMs - (times[index] ?? 0))) / hourMs;
  };
  return {
    priceAt: (atMs) => pricePerHour[lastAtOrBefore(times, atMs)] ?? NaN,
    costBetween: (fromMs, toMs) => spentUntil(toMs) - spentUntil(fromMs),
    risesAfter(atMs, withinMs, rise) {
      const now = lastAtOrBefore(times, atMs);
      const limit = (carried[now] ?? Infinity) * (1 + rise) - 1e-12;
      for (let index = now + 1; (times[index] ?? Infinity) <= atMs + withinMs; index += 1)
        if ((pricePerHour[index] ?? 0) >= limit) return true;
      return false;
    },
  };
}

function carriedPrices(prices: Float64Array): Float64Array {
  let last = 0;
  return prices.map((price) => {
    if (!Number.isNaN(price)) last = price;
    return last;
  });
}
