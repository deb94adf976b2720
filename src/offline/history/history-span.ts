import type { PriceSeries } from '../../learning/price-series.ts';

/**
 * From when to when the history was watched. A pool's first point is the price in force when the history begins and may be
 * months older, so the earliest second point tells the beginning.
 */
export function spanOf(series: readonly PriceSeries[]): { readonly fromMs: number; readonly toMs: number } {
  let firstMs = Number.POSITIVE_INFINITY;
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const { atMs } of series) {
    firstMs = Math.min(firstMs, atMs[0] ?? Number.POSITIVE_INFINITY);
    fromMs = Math.min(fromMs, atMs[1] ?? Number.POSITIVE_INFINITY);
    toMs = Math.max(toMs, atMs.at(-1) ?? Number.NEGATIVE_INFINITY);
  }
  return { fromMs: Number.isFinite(fromMs) ? fromMs : firstMs, toMs };
}
