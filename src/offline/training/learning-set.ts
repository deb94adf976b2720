import { spanOf } from '../history/history-span.ts';
import { chanceFrom } from '../../learning/chance.ts';
import { featureTable } from '../../learning/features.ts';
import type { FeatureTable } from '../../learning/features.ts';
import { answersOf, unknownLabel } from '../../learning/label.ts';
import type { LabelRule } from '../../learning/label.ts';
import type { OnDemandTable } from '../../learning/on-demand-price.ts';
import { hourMs, lookbackMs, stepMs } from '../../learning/price-lattice.ts';
import type { PriceSeries } from '../../learning/price-series.ts';

/** Prices under this are a handful of ticks: one tick is a spike of 3 %. USD per hour. */
export const defaultMinPricePerHour = 0.0034;

/** History as rows with answers, ordered by time. */
export interface LearningSet {
  readonly series: readonly PriceSeries[];
  readonly table: FeatureTable;
  readonly labels: Uint8Array;
  /** See {@link answersOf}. */
  readonly closeness: Float32Array;
  readonly rule: LabelRule;
  /** See {@link spanOf}; epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LearningSetOptions {
  readonly rule: LabelRule;
  readonly onDemandPerHour: OnDemandTable;
  readonly minPricePerHour: number;
  /** Look no further back than this; the start of the history when undefined. */
  readonly sinceMs?: number;
}

/** @throws Error when the history is shorter than the seven days of the features and one horizon. */
export function learningSet(series: readonly PriceSeries[], options: LearningSetOptions): LearningSet {
  const { fromMs, toMs } = spanOf(series);
  const firstMs = Math.max(fromMs + lookbackMs, options.sinceMs ?? Number.NEGATIVE_INFINITY);
  const lastMs = toMs - options.rule.horizonMs;
  if (!(lastMs > firstMs))
    throw new Error(
      `the history spans ${((toMs - fromMs) / (24 * hourMs)).toFixed(1)} days: seven days for the features, and ${options.rule.horizonMs / hourMs} hours for the answers, are the least`,
    );
  const table = featureTable({
    series,
    timesMs: momentsBetween(firstMs, lastMs),
    onDemandPerHour: options.onDemandPerHour,
    minPricePerHour: options.minPricePerHour,
  });
  const { labels, closeness } = answersOf(series, table, options.rule, toMs);
  return { series, table, labels, closeness, rule: options.rule, fromMs, toMs };
}

const weekMs = 7 * 24 * hourMs;
const goldenRatio = 0.618_033_988_749_895;

/**
 * Every six hours, the hour shifting from week to week: the model is asked at any time of day, and history that was sampled at
 * fixed hours must not teach it those.
 */
export function momentsBetween(fromMs: number, toMs: number): Float64Array {
  const times: number[] = [];
  for (let week = Math.floor(fromMs / weekMs); week * weekMs <= toMs; week += 1) {
    const phase = Math.floor(((week * goldenRatio) % 1) * 360) * 60_000;
    for (let step = 0; step < weekMs / stepMs; step += 1) {
      const at = week * weekMs + phase + step * stepMs;
      if (at >= fromMs && at <= toMs) times.push(at);
    }
  }
  return Float64Array.from(times);
}

/** Positions of the rows with an answer whose moment is in [fromMs, toMs), of the pools that pass. */
export function rowsBetween(
  set: LearningSet,
  fromMs: number,
  toMs: number,
  pools?: (series: PriceSeries) => boolean,
): Uint32Array {
  const { table, labels, series } = set;
  const passes = series.map((one) => pools?.(one) ?? true);
  const inTime = Array.from(table.timesMs, (time) => time >= fromMs && time < toMs);
  const rows: number[] = [];
  for (let row = 0; row < table.rowCount; row += 1)
    if (
      inTime[table.timeOf[row] ?? 0] === true &&
      labels[row] !== unknownLabel &&
      passes[table.poolOf[row] ?? 0] === true
    )
      rows.push(row);
  return Uint32Array.from(rows);
}

export interface WeightedRows {
  readonly rows: Uint32Array;
  readonly labels: Uint8Array;
  readonly closeness: Float32Array;
  readonly weights: Float32Array;
}

/** A stable row that came this near to a rise is a near miss. */
const nearMiss = 0.1;
/** The part of the stable rows that near misses may make up. */
const nearMissRoom = 0.4;

/**
 * All unstable rows and at most about `mostQuiet` of the others, near misses before the rest, each of which then counts for those
 * of its kind that were left out: probabilities stay what they are.
 */
export function thinned(set: LearningSet, rows: Uint32Array, mostQuiet: number, seed: number): WeightedRows {
  const { labels, closeness } = set;
  const isNear = (row: number): boolean => (closeness[row] ?? 0) >= nearMiss;
  let nearRows = 0;
  let calmRows = 0;
  for (const row of rows) {
    if (labels[row] === 1) continue;
    if (isNear(row)) nearRows += 1;
    else calmRows += 1;
  }
  const nearShare = Math.min(1, (nearMissRoom * mostQuiet) / nearRows);
  const calmShare = Math.min(1, ((1 - nearMissRoom) * mostQuiet) / calmRows);
  const shareOf = (row: number): number => (labels[row] === 1 ? 1 : isNear(row) ? nearShare : calmShare);
  const chance = chanceFrom(seed);
  const kept = rows.filter((row) => labels[row] === 1 || chance() < shareOf(row));
  return {
    rows: kept,
    labels: valuesOf(labels, kept),
    closeness: valuesOf(closeness, kept),
    weights: Float32Array.from(kept, (row) => 1 / shareOf(row)),
  };
}

export function valuesOf<T extends Float32Array | Uint8Array | Uint32Array>(column: T, rows: Uint32Array): T {
  const out = column.slice(0, rows.length) as T;
  for (let index = 0; index < rows.length; index += 1) out[index] = column[rows[index] ?? 0] ?? 0;
  return out;
}
