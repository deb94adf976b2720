import type { PriceSeries } from '../learning/price-series.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import type { ParquetReader } from '../ports/parquet-history.ts';
import { UsageError } from '../errors/usage-error.ts';
import { staticIntelligenceOf } from '../knowledge/static-intelligence.ts';
import { historyNotes } from './history-notes.ts';
import { rowFaults, type FileReport, type HistoryReport } from './history-report.ts';
import { openLocation } from './open-location.ts';
import { addParquet } from './price-parquet.ts';
import { priceCsv, type ChunkReader } from './price-csv.ts';
import { priceJson } from './price-json.ts';
import { PointGatherer, type HistoryQuery } from './pool-points.ts';
import { namesSnapshots, snapshotTimes } from './snapshot-times.ts';
import { feed, formatOf } from './stored-history.ts';

export interface PriceHistory {
  /** By region, type and zone. */
  readonly series: readonly PriceSeries[];
  /** When all pools were looked at, ascending; present for history that was made of snapshots. */
  readonly snapshotTimesMs?: Float64Array;
  readonly report: HistoryReport;
}

export interface HistoryReading extends HistoryQuery {
  /** Told once for each file. */
  readonly onFile?: (file: FileReport) => void;
  /** Now, epoch milliseconds: later rows are from a wrong clock. */
  readonly nowMs?: number;
}

/**
 * Reads price history from a file, a directory or `s3://bucket/prefix`: CSV and JSON, plain or gzip, and Parquet, mixed.
 * Bad rows and bad files are counted and named in the report; the rest is used.
 * @throws UsageError when nothing is at the location; SourceUnavailable when the store cannot be read.
 */
export async function loadHistory(
  location: string,
  reading: HistoryReading,
  signal: AbortSignal,
): Promise<PriceHistory> {
  const { store, objects, parquet } = await openLocation(location, signal);
  const files = objects.filter(({ key }) => mayHold(key, reading));
  if (files.length === 0)
    throw new UsageError([
      objects.length === 0
        ? `There is no price history at ${location}.`
        : `None of the ${objects.length} files at ${location} holds price history of what was asked for.`,
    ]);
  const nowMs = reading.nowMs ?? Date.now();
  const zoneIds = reading.zoneIds ?? (await collectedZoneIds(store, objects, signal));
  const gatherer = new PointGatherer({ ...reading, zoneIds }, nowMs);
  const snapshots = new Set<number>();
  const reports: FileReport[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const report = await readFile(store, file, gatherer, snapshots, parquet, signal);
    reports.push(report);
    reading.onFile?.(report);
  }
  const series = gatherer.series();
  const within = Float64Array.from(snapshots)
    .sort()
    .filter((at) => at >= (reading.fromMs ?? -Infinity) && at <= (reading.toMs ?? Infinity));
  return {
    series,
    ...(snapshots.size === 0 ? {} : { snapshotTimesMs: within }),
    report: reportOf(reports, gatherer, series, within),
  };
}

const dataNames = /\.(csv|json|jsonl|ndjson|txt|parquet)(\.gz)?$/i;

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
    const file = await store.get(key, undefined, signal);
    const facts =
      file.kind === 'object' ? staticIntelligenceOf(Buffer.from(file.bytes).toString('utf8')) : undefined;
    if (facts?.kind === 'facts') for (const [name, id] of facts.facts.zoneIds) zoneIds.set(name, id);
  }
  return zoneIds;
}

/** Hive paths say which region and day a file is of; a file that cannot matter is not opened. */
function mayHold(key: string, { regions, fromMs, toMs }: HistoryReading): boolean {
  if (!dataNames.test(key) && key.includes('.')) return false;
  if (collected.test(key)) return false;
  const region = /(?:^|\/)region=([^/]+)\//.exec(key)?.[1];
  if (region !== undefined && regions !== undefined && !regions.includes(region)) return false;
  const day = Date.parse(/(?:^|\/)day=(\d{4}-\d\d-\d\d)\//.exec(key)?.[1] ?? '');
  if (toMs !== undefined && day > toMs) return false;
  // The price in force at the beginning may be weeks old: what AWS itself remembers, 90 days, is read before it.
  return !(fromMs !== undefined && day < fromMs - 91 * 86_400_000);
}

async function readFile(
  store: ObjectStore,
  file: StoredObject,
  gatherer: PointGatherer,
  snapshots: Set<number>,
  parquet: () => Promise<ParquetReader>,
  signal: AbortSignal,
): Promise<FileReport> {
  const path = file.key;
  if (file.bytes === 0) return { path, format: 'not-read', rows: 0, problem: 'the file is empty (0 bytes)' };
  if (path.endsWith('.parquet')) {
    const rowsBefore = gatherer.rows;
    const problem = await addParquet(await parquet(), store, file, gatherer, signal);
    return reported(path, 'parquet', gatherer.rows - rowsBefore, problem);
  }
  const opened: { reader?: ChunkReader; format: FileReport['format'] } = { format: 'not-read' };
  const brokenEnd = await feed(
    store,
    file,
    (bytes) => {
      opened.reader ??= readerFor(bytes, opened, gatherer, snapshots);
      opened.reader.push(bytes);
    },
    signal,
  );
  const problem = opened.reader === undefined ? 'the file is empty' : opened.reader.end();
  return reported(path, opened.format, opened.reader?.rows() ?? 0, brokenEnd ?? problem);
}

function readerFor(
  head: Uint8Array,
  opened: { format: FileReport['format'] },
  gatherer: PointGatherer,
  snapshots: Set<number>,
): ChunkReader {
  if (formatOf(head) === 'json') {
    opened.format = 'json';
    return priceJson(gatherer);
  }
  if (namesSnapshots(head)) {
    opened.format = 'snapshots';
    return snapshotTimes(snapshots);
  }
  opened.format = 'csv';
  return priceCsv(gatherer);
}

function reported(
  path: string,
  format: FileReport['format'],
  rows: number,
  problem: string | undefined,
): FileReport {
  return { path, format, rows, ...(problem === undefined ? {} : { problem }) };
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
