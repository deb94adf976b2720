import { setTimeout as wait } from 'node:timers/promises';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { Market } from '../../ports/market.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { ParquetBytes } from '../../ports/parquet-history.ts';
import { appendHistory, readCursor, writeCursor } from './history-store.ts';

const dayMs = 86_400_000;
/** So much is asked for, written and remembered at a time: what a cut costs at most. */
const windowMs = 3 * dayMs;
/** AWS publishes changes with a delay: the end of the last run is asked for again. */
const overlapMs = 15 * 60_000;

export interface HistoryOrder {
  readonly region: string;
  readonly instanceTypes: readonly string[] | undefined;
  /** AWS keeps 90. */
  readonly days: number;
  readonly nowMs: number;
  /** Between two questions. */
  readonly pauseMs: number;
}

export interface HistoryPorts {
  readonly market: Market;
  readonly store: ObjectStore;
  readonly parquetBytes: ParquetBytes;
  readonly progress: (sentence: string) => void;
  /** How many days of those that were missing are written. */
  readonly onStep?: (done: number, all: number) => void;
}

/**
 * Brings a region's price history up to now in windows, oldest first, each written before the next is asked for; goes on
 * where the last run ended.
 * @returns change points written.
 */
export async function collectHistory(
  order: HistoryOrder,
  { market, store, parquetBytes, progress, onStep }: HistoryPorts,
  signal: AbortSignal,
): Promise<number> {
  const { region, instanceTypes, nowMs } = order;
  const cursor = await readCursor(store, region, instanceTypes, signal);
  const oldestMs = nowMs - order.days * dayMs;
  const goesOn = cursor !== undefined && cursor.untilMs > oldestMs;
  let fromMs = goesOn ? Math.min(cursor.untilMs, nowMs) - overlapMs : oldestMs;
  const beganMs = fromMs;
  let rows = 0;
  for (let isFirst = true; fromMs < nowMs; isFirst = false) {
    if (!isFirst) await wait(order.pauseMs, undefined, { signal });
    const untilMs = Math.min(nowMs, fromMs + windowMs);
    const series = await market.history(
      { region, sinceMs: fromMs, untilMs, ...(instanceTypes === undefined ? {} : { instanceTypes }) },
      signal,
    );
    // The price in force at a window's beginning is news only in the very first one.
    const fresh = isFirst && !goesOn ? series : series.map((one) => since(one, fromMs));
    const written = await appendHistory(
      store,
      region,
      fresh,
      `${stamp(fromMs)}-${stamp(untilMs)}`,
      parquetBytes,
      signal,
    );
    await writeCursor(store, region, { untilMs, instanceTypes }, signal);
    rows += written.rows;
    const share = Math.round((100 * (untilMs - oldestMs)) / (nowMs - oldestMs));
    progress(
      `${region}: prices up to ${new Date(untilMs).toISOString().slice(0, 16)}Z (${share} %), ${written.rows} changes of ${series.length} pools`,
    );
    onStep?.((untilMs - beganMs) / dayMs, (nowMs - beganMs) / dayMs);
    fromMs = untilMs;
  }
  return rows;
}

function since(series: PriceSeries, fromMs: number): PriceSeries {
  const first = series.atMs.findIndex((at) => at >= fromMs);
  const from = first < 0 ? series.atMs.length : first;
  return { ...series, atMs: series.atMs.subarray(from), pricePerHour: series.pricePerHour.subarray(from) };
}

/** `20231105T1830`. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace(/[-:]/g, '');
}
