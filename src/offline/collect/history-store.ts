import type { PriceSeries } from '../../learning/price-series.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { ParquetBytes } from '../../ports/parquet-history.ts';
import { partsByDay } from './history-parts.ts';

export interface Appended {
  readonly files: number;
  readonly rows: number;
}

/**
 * Adds change points of one region as new files `history/region=R/day=D/part-NAME.parquet`; no file is ever rewritten.
 * The same name with the same points gives the same files, so that a run that was cut off is simply repeated; points that
 * two files share are one point to a reader.
 */
export async function appendHistory(
  store: ObjectStore,
  region: string,
  series: readonly PriceSeries[],
  name: string,
  parquetBytes: ParquetBytes,
  signal: AbortSignal,
): Promise<Appended> {
  let files = 0;
  let rows = 0;
  for (const [day, part] of partsByDay(series, 'Linux/UNIX')) {
    await store.put(`history/region=${region}/day=${day}/part-${name}.parquet`, parquetBytes(part), signal);
    files += 1;
    rows += part.atMs.length;
  }
  return { files, rows };
}

/** How far a region's history has been collected, and of which types. */
export interface Cursor {
  readonly untilMs: number;
  /** Undefined: all. */
  readonly instanceTypes: readonly string[] | undefined;
}

const cursorKey = (region: string): string => `state/collect-${region}.json`;

/** Undefined where nothing was collected, where other types were, or where the file cannot be understood. */
export async function readCursor(
  store: ObjectStore,
  region: string,
  instanceTypes: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Cursor | undefined> {
  const reading = await store.read(cursorKey(region), undefined, signal);
  if (reading.kind !== 'changed') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(reading.bytes).toString('utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const until = 'history_until' in value ? Date.parse(String(value.history_until)) : NaN;
    const types = 'instance_types' in value ? value.instance_types : undefined;
    const same = JSON.stringify(types ?? 'all') === JSON.stringify(instanceTypes ?? 'all');
    return same && Number.isFinite(until) ? { untilMs: until, instanceTypes } : undefined;
  } catch {
    return undefined;
  }
}

export async function writeCursor(
  store: ObjectStore,
  region: string,
  cursor: Cursor,
  signal: AbortSignal,
): Promise<void> {
  const text = JSON.stringify({
    history_until: new Date(cursor.untilMs).toISOString(),
    instance_types: cursor.instanceTypes ?? 'all',
  });
  await store.put(cursorKey(region), Buffer.from(`${text}\n`), signal);
}
