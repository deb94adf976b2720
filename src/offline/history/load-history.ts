import type { PriceSeries } from '../../learning/price-series.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { staticIntelligenceOf } from '../../formats/static-intelligence-document.ts';
import { historyNotes } from './history-notes.ts';
import { rowFaults, type FileReport, type HistoryReport } from './history-report.ts';
import type { OpenedLocation, OpenLocation } from '../../ports/opened-location.ts';
import { PointGatherer, type HistoryQuery } from './pool-points.ts';
import { readFile } from './read-file.ts';

export interface PriceHistory {
  /** By region, type and zone. */
  readonly series: readonly PriceSeries[];
  /** When all pools were looked at, ascending; present for history that was made of snapshots. */
  readonly snapshotTimesMs?: Float64Array;
  readonly report: HistoryReport;
}

export interface HistoryReading extends HistoryQuery {
  /** Told in a sentence what a long reading meets. */
  readonly onProgress?: (sentence: string) => void;
  /** Told how many bytes of all are read. */
  readonly onBytes?: (read: number, all: number) => void;
  /** Now, epoch milliseconds: later rows are from a wrong clock. */
  readonly nowMs?: number;
}

/**
 * Reads price history from a file, a directory or `s3://bucket/prefix`: CSV, TSV and JSON, plain or packed, and Parquet, mixed.
 * Bad rows and bad files are counted and named in the report; the rest is used.
 * @throws UsageError when nothing is at the location; SourceUnavailable when the store cannot be read.
 */
export async function loadHistory(
  location: string,
  open: OpenLocation,
  reading: HistoryReading,
  signal: AbortSignal,
): Promise<PriceHistory> {
  const opened = await open(location, signal);
  const { store, objects } = opened;
  const files = objects.filter(({ key }) => mayHold(key, reading));
  if (files.length === 0)
    throw new UsageError([
      objects.length === 0
        ? `There is no price history at ${location}.`
        : `None of the ${objects.length} files at ${location} holds price history of what was asked for.`,
      ...otherNames(objects),
    ]);
  const known = {
    ...reading,
    nowMs: reading.nowMs ?? Date.now(),
    zoneIds: reading.zoneIds ?? (await collectedZoneIds(store, objects, signal)),
  };
  let wholePools: ReadonlySet<string> = new Set();
  for (;;) {
    const read = await readAll({ ...opened, objects: files }, known, wholePools, signal);
    if (read.kind === 'history') return withNotes(read.history, otherNames(objects));
    reading.onProgress?.(
      `${read.pools.size} pools have other prices between those that repeat: the history is read once more.`,
    );
    wholePools = new Set([...wholePools, ...read.pools]);
  }
}

type AllRead =
  | { readonly kind: 'history'; readonly history: PriceHistory }
  | { readonly kind: 'read-again'; readonly pools: ReadonlySet<string> };

/** Of `wholePools` every row is kept. */
async function readAll(
  { store, objects, parquet }: OpenedLocation,
  reading: HistoryReading & { readonly nowMs: number },
  wholePools: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<AllRead> {
  const gatherer = new PointGatherer(reading, reading.nowMs, wholePools);
  const snapshots = new Set<number>();
  const onRead = bytesOf(objects, reading.onBytes);
  const reports: FileReport[] = [];
  for (const file of objects) {
    signal.throwIfAborted();
    reports.push(await readFile(file, { store, parquet, gatherer, snapshots, onRead }, signal));
  }
  const series = gatherer.series();
  if (gatherer.torn.size > 0) return { kind: 'read-again', pools: gatherer.torn };
  const within = Float64Array.from(snapshots)
    .sort()
    .filter((at) => at >= (reading.fromMs ?? -Infinity) && at <= (reading.toMs ?? Infinity));
  const history = {
    series,
    ...(snapshots.size === 0 ? {} : { snapshotTimesMs: within }),
    report: reportOf(reports, gatherer, series, within),
  };
  return { kind: 'history', history };
}

/** Counts the bytes of all files together. */
function bytesOf(
  files: readonly StoredObject[],
  onBytes: HistoryReading['onBytes'],
): (bytes: number) => void {
  const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let read = 0;
  return (bytes) => {
    read += bytes;
    onBytes?.(Math.min(read, all), all);
  };
}

/** Packed files are looked into by their first bytes; what cannot be unpacked is named then. */
const dataNames =
  /\.(csv|tsv|json|jsonl|ndjson|txt|parquet)(\.(gz|gzip|zst|zstd|zip|bz2|xz|7z))?$|\.(zip|gz|zst|bz2|xz|7z)$/i;

/** What `collect` writes beside the history. */
const collected = /^(static|state)\/[^/]+\.json$/;

/** Zone names → ids as `collect` found them; both spellings of a zone then become one pool. */
async function collectedZoneIds(
  store: ObjectStore,
  objects: readonly StoredObject[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const zoneIds = new Map<string, string>();
  for (const { key } of objects) {
    if (!/^static\/[^/]+\.json$/.test(key)) continue;
    const file = await store.read(key, undefined, signal);
    const facts =
      file.kind === 'changed' ? staticIntelligenceOf(Buffer.from(file.bytes).toString('utf8')) : undefined;
    if (facts?.kind === 'facts') for (const [name, id] of facts.facts.zoneIds) zoneIds.set(name, id);
  }
  return zoneIds;
}

const mostNamed = 10;

/** Names the files that are not opened because their names are of no format; empty where there are none. */
function otherNames(objects: readonly StoredObject[]): readonly string[] {
  const others = objects.filter(({ key }) => !hasDataName(key)).map(({ key }) => key);
  if (others.length === 0) return [];
  const more = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : '';
  return [
    `Not opened, since their names are of no format that is read (csv, tsv, json, jsonl, ndjson, txt, parquet; also packed): ${others.slice(0, mostNamed).join(', ')}${more}.`,
  ];
}

function withNotes(history: PriceHistory, notes: readonly string[]): PriceHistory {
  const { report } = history;
  return { ...history, report: { ...report, notes: [...report.notes, ...notes] } };
}

function hasDataName(key: string): boolean {
  return dataNames.test(key) || !key.includes('.');
}

/** Hive paths say which region and day a file is of; a file that cannot matter is not opened. */
function mayHold(key: string, { regions, fromMs, toMs }: HistoryReading): boolean {
  if (!hasDataName(key)) return false;
  if (collected.test(key)) return false;
  const region = /(?:^|\/)region=([^/]+)\//.exec(key)?.[1];
  if (region !== undefined && regions !== undefined && !regions.includes(region)) return false;
  const day = Date.parse(/(?:^|\/)day=(\d{4}-\d\d-\d\d)\//.exec(key)?.[1] ?? '');
  if (toMs !== undefined && day > toMs) return false;
  // The price in force at the beginning may be weeks old: what AWS itself remembers, 90 days, is read before it.
  return !(fromMs !== undefined && day < fromMs - 91 * 86_400_000);
}

function reportOf(
  files: readonly FileReport[],
  gatherer: PointGatherer,
  series: readonly PriceSeries[],
  snapshotTimesMs: Float64Array,
): HistoryReport {
  let fromMs = Infinity;
  let toMs = -Infinity;
  let points = 0;
  for (const { atMs } of series) {
    fromMs = Math.min(fromMs, atMs[0] ?? Infinity);
    toMs = Math.max(toMs, atMs.at(-1) ?? -Infinity);
    points += atMs.length;
  }
  const { rows, unchanged, notAskedFor, dropped } = gatherer;
  return {
    files,
    rows,
    points,
    pools: series.length,
    fromMs: points === 0 ? undefined : fromMs,
    toMs: points === 0 ? undefined : toMs,
    unchanged,
    notAskedFor,
    dropped: Object.fromEntries(rowFaults.map((fault) => [fault, dropped[fault]])) as typeof dropped,
    notes: historyNotes(series, snapshotTimesMs),
  };
}
