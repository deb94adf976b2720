import type { FeatureTable } from './features.ts';
import { sigmoid } from './forest.ts';
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

/** What came after each row of a table. */
export interface Answers {
  /** 1 where the target holds, 0 where not, {@link unknownLabel} where the horizon ends after the known. */
  readonly labels: Uint8Array;
  /**
   * 0..1, how near the rise came to the bar, sigmoid((ln(highest / now) − s) / (s / 4)) with s = ln(1 + spike) and the highest of the
   * prices that come into force within the horizon: a half at the bar, 0.12 at half of the way, 0.02 where nothing moves. A rise of
   * 2.9 % teaches nearly as much as one of 3.1 %, which the label alone does not say.
   */
  readonly closeness: Float32Array;
}

/** A rise this part of the bar away from it has come sigmoid(−1) = 0.27 near. */
const softness = 1 / 4;

/** The answers of all rows, as far as prices are known until `knownUntilMs`. */
export function answersOf(
  series: readonly PriceSeries[],
  table: Pick<FeatureTable, 'rowCount' | 'poolOf' | 'timeOf' | 'timesMs' | 'pricePerHour'>,
  rule: LabelRule,
  knownUntilMs: number,
): Answers {
  const labels = new Uint8Array(table.rowCount);
  const closeness = new Float32Array(table.rowCount);
  const logBar = Math.log(1 + rule.spike);
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
    const now = table.pricePerHour[row] ?? 0;
    let highest = 0;
    for (let next = cursor + 1; (times[next] ?? Infinity) <= untilMs; next += 1) {
      const price = prices[next] ?? 0;
      if (price > highest) highest = price;
    }
    if (highest >= now * (1 + rule.spike) * (1 - rounding)) labels[row] = 1;
    const rise = highest > 0 ? Math.log(highest / now) : 0;
    closeness[row] = sigmoid((rise - logBar) / (softness * logBar));
  }
  return { labels, closeness };
}
