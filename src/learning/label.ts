import type { FeatureTable } from './features.ts';
import { lastAtOrBefore } from './price-lattice.ts';
import type { PriceSeries } from './price-series.ts';

/** The target: the highest price of (t, t + horizonMs] is at least (1 + spike) × the price in force at t. */
export interface LabelRule {
  readonly horizonMs: number;
  /** 0.03 for 3 %. */
  readonly spike: number;
}

/** The future of a row is not known: its horizon reaches past the end of the data. */
export const unknownLabel = 255;

/** Prices come in ticks; this much of a price is rounding, not a difference. */
const rounding = 1e-9;

/** 1 where the target holds, 0 where not, {@link unknownLabel} where the horizon ends after `knownUntilMs`. */
export function labelsOf(
  series: readonly PriceSeries[],
  table: Pick<FeatureTable, 'rowCount' | 'poolOf' | 'timeOf' | 'timesMs' | 'pricePerHour'>,
  rule: LabelRule,
  knownUntilMs: number,
): Uint8Array {
  const labels = new Uint8Array(table.rowCount);
  const cursors = new Int32Array(series.length).fill(-2);
  for (let row = 0; row < table.rowCount; row += 1) {
    const pool = table.poolOf[row] ?? 0;
    const one = series[pool];
    const atMs = table.timesMs[table.timeOf[row] ?? 0] ?? Number.NaN;
    const untilMs = atMs + rule.horizonMs;
    if (one === undefined || !(untilMs <= knownUntilMs)) {
      labels[row] = unknownLabel;
      continue;
    }
    const { atMs: times, pricePerHour: prices } = one;
    let cursor = cursors[pool] ?? -2;
    if (cursor === -2) cursor = lastAtOrBefore(times, atMs);
    while ((times[cursor + 1] ?? Infinity) <= atMs) cursor += 1;
    cursors[pool] = cursor;
    const bar = (table.pricePerHour[row] ?? 0) * (1 + rule.spike) * (1 - rounding);
    for (let next = cursor + 1; (times[next] ?? Infinity) <= untilMs; next += 1)
      if ((prices[next] ?? 0) >= bar) {
        labels[row] = 1;
        break;
      }
  }
  return labels;
}
