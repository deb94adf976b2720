import { gunzipSync } from 'node:zlib';
import { messageOf } from '../errors/message-of.ts';
import type { PriceSeries } from '../learning/price-series.ts';
import { CsvScanner, fieldText, type CsvRow } from './csv-scanner.ts';
import { priceAt, timeAt } from './price-text.ts';

export type PriceChangesReading =
  | { readonly kind: 'changes'; readonly series: readonly PriceSeries[] }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

/** Eight days of the busiest region are 2 MB. */
const maxBytes = 64 << 20;
const maxRows = 1_000_000;
const columns = ['timestamp_utc', 'availability_zone', 'instance_type', 'price_usd'] as const;

/**
 * Reads a CSV of Spot price changes of one region, plain or gzip, with the columns `timestamp_utc`, `availability_zone`,
 * `instance_type` and `price_usd` in this order; rows of a pool stand together, oldest first. An empty price says that the
 * pool was absent. With any mistake nothing of it is used.
 */
export function priceChangesOf(file: Uint8Array, region: string): PriceChangesReading {
  let bytes: Uint8Array;
  try {
    bytes = isGzip(file) ? gunzipSync(file, { maxOutputLength: maxBytes }) : file;
  } catch (error) {
    return { kind: 'mistakes', mistakes: [`cannot be unpacked: ${messageOf(error)}`] };
  }
  if (bytes.length > maxBytes) return { kind: 'mistakes', mistakes: [`larger than ${maxBytes} bytes`] };
  const series: PriceSeries[] = [];
  const mistakes: string[] = [];
  let pool: OpenPool | undefined;
  let rows = 0;
  const wrong = (sentence: string): void => {
    if (mistakes.length < 20) mistakes.push(`row ${rows}: ${sentence}`);
  };
  const close = (): void => {
    if (pool !== undefined) series.push(closed(pool, region));
    pool = undefined;
  };
  const scanner = new CsvScanner((row) => {
    rows += 1;
    if (rows === 1) {
      if (columns.some((name, index) => fieldText(row, index) !== name))
        wrong(`the columns must be ${columns.join(',')}`);
      return;
    }
    if (rows > maxRows) return;
    const change = changeOf(row);
    if (typeof change === 'string') {
      wrong(change);
      return;
    }
    const { zone, instanceType } = change;
    if (pool?.zone !== zone || pool.instanceType !== instanceType) close();
    pool ??= { zone, instanceType, atMs: [], pricePerHour: [] };
    if (change.atMs <= (pool.atMs.at(-1) ?? -Infinity)) {
      wrong('times of a pool must ascend');
      return;
    }
    pool.atMs.push(change.atMs);
    pool.pricePerHour.push(change.pricePerHour);
  });
  scanner.push(bytes);
  scanner.end();
  close();
  if (rows > maxRows) wrong(`there are more than ${maxRows} rows`);
  return mistakes.length > 0 ? { kind: 'mistakes', mistakes } : { kind: 'changes', series };
}

interface OpenPool {
  readonly zone: string;
  readonly instanceType: string;
  readonly atMs: number[];
  readonly pricePerHour: number[];
}

function closed({ zone, instanceType, atMs, pricePerHour }: OpenPool, region: string): PriceSeries {
  return {
    region,
    zone,
    instanceType,
    atMs: Float64Array.from(atMs),
    pricePerHour: Float64Array.from(pricePerHour),
  };
}

interface Change {
  readonly zone: string;
  readonly instanceType: string;
  readonly atMs: number;
  /** NaN: the pool was absent. */
  readonly pricePerHour: number;
}

/** A sentence where the row is none. */
function changeOf(row: CsvRow): Change | string {
  const { bytes, starts, ends } = row;
  if (row.count !== columns.length) return `${columns.length} columns are needed`;
  const zone = fieldText(row, 1);
  const instanceType = fieldText(row, 2);
  if (zone === '' || instanceType === '') return 'zone and type are needed';
  const atMs = timeAt(bytes, starts[0] ?? 0, ends[0] ?? 0);
  if (Number.isNaN(atMs)) return `${JSON.stringify(fieldText(row, 0))} is no time`;
  const isAbsent = starts[3] === ends[3];
  const pricePerHour = isAbsent ? NaN : priceAt(bytes, starts[3] ?? 0, ends[3] ?? 0);
  if (!isAbsent && !(pricePerHour > 0 && pricePerHour < 10_000))
    return `${JSON.stringify(fieldText(row, 3))} is no price`;
  return { zone, instanceType, atMs, pricePerHour };
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
