import { featureNames } from './feature-names.ts';
import type { FeatureName, PoolColumns } from './feature-names.ts';
import { writeGroupFeatures } from './group-features.ts';
import { guessedDiscountDepth, onDemandPrice } from './on-demand-price.ts';
import type { OnDemandTable } from './on-demand-price.ts';
import { writeOwnFeatures } from './own-features.ts';
import { stepCount } from './past-week.ts';
import { poolGroups } from './pool-groups.ts';
import { hourMs, lookbackMs, PriceLattice } from './price-lattice.ts';
import type { PriceSeries } from './price-series.ts';

export interface FeatureRequest {
  /** All pools of the regions in question: families, zones and regions are summed over these. */
  readonly series: readonly PriceSeries[];
  /** Epoch milliseconds, strictly ascending: the moments to describe. */
  readonly timesMs: Float64Array;
  readonly onDemandPerHour: OnDemandTable;
  /** USD per hour: cheaper pools still count as neighbours but get no row of their own. */
  readonly minPricePerHour?: number;
}

/**
 * One row per moment and pool that has a price then and had one seven days before, ordered by time, then by pool.
 * `columns` holds the features of {@link featureNames}, each as long as there are rows.
 */
export interface FeatureTable {
  readonly rowCount: number;
  readonly poolOf: Uint32Array;
  readonly timeOf: Uint32Array;
  readonly timesMs: Float64Array;
  /** USD per hour, the price in force at the row's moment. */
  readonly pricePerHour: Float64Array;
  readonly columns: readonly Float32Array[];
  /** Pools whose on-demand price is a guess; their discount depth is the same always. */
  readonly guessedOnDemand: number;
}

/**
 * Features of the past: nothing after a row's moment is read. Training and serving both come here, so that a vector means the
 * same in both; of a history longer than seven days, only the last seven matter to a row.
 */
export function featureTable(request: FeatureRequest): FeatureTable {
  const { series, timesMs } = request;
  const minPrice = request.minPricePerHour ?? 0;
  const pools = series.length;
  const lattice = new PriceLattice(series, timesMs);
  const groups = poolGroups(series);
  const onDemand = series.map((one) => onDemandPrice(one, request.onDemandPerHour));
  const references = Float64Array.from(onDemand, ({ pricePerHour }) => pricePerHour ?? Number.NaN);
  const scratch = poolColumns(pools);
  const known = new Uint8Array(pools);
  const chosen = new Int32Array(pools);
  const table = emptyTable(series, timesMs);
  const names = featureNames.map((name) => scratch[name]);
  let row = 0;
  for (let time = 0; time < timesMs.length; time += 1) {
    const atMs = timesMs[time] ?? Number.NaN;
    lattice.moveTo(time);
    const price = lattice.price(0);
    writeKnown(lattice, known);
    writeDiscounts(price, references, scratch.discount_depth);
    writeOwnFeatures(lattice, atMs, scratch);
    writeClockFeatures(atMs, scratch);
    writeGroupFeatures({ lattice, groups, known, atMs }, scratch);
    let count = 0;
    for (let pool = 0; pool < pools; pool += 1) {
      const now = price[pool] ?? 0;
      if (known[pool] === 0 || now < minPrice) continue;
      table.poolOf[row + count] = pool;
      table.timeOf[row + count] = time;
      table.pricePerHour[row + count] = now;
      chosen[count] = pool;
      count += 1;
    }
    for (const [feature, values] of names.entries()) {
      const column = table.columns[feature];
      if (column === undefined) continue;
      if (count === pools) column.set(values, row);
      else gather(values, chosen, count, column, row);
    }
    row += count;
  }
  return {
    rowCount: row,
    timesMs,
    poolOf: table.poolOf.subarray(0, row),
    timeOf: table.timeOf.subarray(0, row),
    pricePerHour: table.pricePerHour.subarray(0, row),
    columns: table.columns.map((column) => column.subarray(0, row)),
    guessedOnDemand: onDemand.filter(({ tier }) => tier === 'guessed').length,
  };
}

function gather(
  values: Float64Array,
  chosen: Int32Array,
  count: number,
  column: Float32Array,
  row: number,
): void {
  for (let index = 0; index < count; index += 1) column[row + index] = values[chosen[index] ?? 0] ?? 0;
}

/** The table's rows as one row-major block of the named features, the shape of a model's input. */
export function rowMajor(
  table: FeatureTable,
  names: readonly string[],
  from = 0,
  to = table.rowCount,
): Float32Array {
  const out = new Float32Array((to - from) * names.length);
  for (const [feature, name] of names.entries()) {
    const column = columnOf(table, name);
    for (let row = from, at = feature; row < to; row += 1, at += names.length) out[at] = column[row] ?? 0;
  }
  return out;
}

/** @throws RangeError when no feature has that name. */
export function columnOf(table: FeatureTable, name: string): Float32Array {
  const column = table.columns[featureNames.findIndex((known) => known === name)];
  if (column === undefined) throw new RangeError(`there is no feature "${name}"`);
  return column;
}

/** 1 for a pool that has a price now and had one just seven days ago. */
function writeKnown(lattice: PriceLattice, known: Uint8Array): void {
  const now = lattice.absent(0);
  const weekAgo = lattice.absent(stepCount);
  for (let pool = 0; pool < known.length; pool += 1)
    known[pool] = now[pool] === 0 && weekAgo[pool] === 0 ? 1 : 0;
}

/** @param references on-demand prices, NaN where one is guessed. */
function writeDiscounts(price: Float64Array, references: Float64Array, depth: Float64Array): void {
  for (let pool = 0; pool < depth.length; pool += 1) {
    const reference = references[pool] ?? Number.NaN;
    depth[pool] = reference > 0 ? 1 - (price[pool] ?? 0) / reference : guessedDiscountDepth;
  }
}

function writeClockFeatures(atMs: number, out: PoolColumns): void {
  const hour = (atMs / hourMs) % 24;
  const weekday = (Math.floor(atMs / (24 * hourMs)) + 4) % 7;
  const weekend = weekday === 0 || weekday === 6;
  out.hour_sin.fill(Math.sin((2 * Math.PI * hour) / 24));
  out.hour_cos.fill(Math.cos((2 * Math.PI * hour) / 24));
  out.is_weekend.fill(weekend ? 1 : 0);
  out.is_business_hours.fill(!weekend && hour >= 9 && hour < 17 ? 1 : 0);
}

function poolColumns(pools: number): PoolColumns {
  const columns: Partial<Record<FeatureName, Float64Array>> = {};
  for (const name of featureNames) columns[name] = new Float64Array(pools);
  return columns as PoolColumns;
}

function emptyTable(series: readonly PriceSeries[], timesMs: Float64Array) {
  let capacity = 0;
  for (const { atMs } of series) {
    const from = (atMs[0] ?? Number.POSITIVE_INFINITY) + lookbackMs;
    capacity += timesMs.length - firstAtOrAfter(timesMs, from);
  }
  return {
    poolOf: new Uint32Array(capacity),
    timeOf: new Uint32Array(capacity),
    pricePerHour: new Float64Array(capacity),
    columns: featureNames.map(() => new Float32Array(capacity)),
  };
}

function firstAtOrAfter(times: Float64Array, atMs: number): number {
  const found = times.findIndex((time) => time >= atMs);
  return found < 0 ? times.length : found;
}
