import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import type { ParquetReader } from '../../ports/parquet-history.ts';
import type { FileReport } from './history-report.ts';
import type { PointGatherer } from './pool-points.ts';
import { priceCsv, type ChunkReader } from './price-csv.ts';
import { priceJson } from './price-json.ts';
import { addParquet } from './price-parquet.ts';
import { namesSnapshots, snapshotTimes } from './snapshot-times.ts';
import { feed, formatOf } from './stored-history.ts';

/** What a file's rows go to. */
export interface Gathering {
  readonly store: ObjectStore;
  readonly parquet: () => Promise<ParquetReader>;
  readonly gatherer: PointGatherer;
  readonly snapshots: Set<number>;
  /** Told of bytes as they are read; packed ones where the file is packed. */
  readonly onRead: (bytes: number) => void;
}

/** Adds one file's rows, whatever its format. What is wrong with it stands in its report. */
export async function readFile(
  file: StoredObject,
  gathering: Gathering,
  signal: AbortSignal,
): Promise<FileReport> {
  const { store, gatherer, onRead } = gathering;
  const path = file.key;
  if (file.bytes === 0) return { path, format: 'not-read', rows: 0, problem: 'the file is empty (0 bytes)' };
  if (path.endsWith('.parquet')) {
    const rowsBefore = gatherer.rows;
    const problem = await addParquet(await gathering.parquet(), store, file, gatherer, signal);
    onRead(file.bytes);
    return reported(path, 'parquet', gatherer.rows - rowsBefore, problem);
  }
  const opened: { reader?: ChunkReader; format: FileReport['format'] } = { format: 'not-read' };
  const brokenEnd = await feed(
    store,
    file,
    (bytes) => {
      opened.reader ??= readerFor(bytes, opened, gathering);
      opened.reader.push(bytes);
    },
    signal,
    onRead,
  );
  const problem = opened.reader === undefined ? 'the file is empty' : opened.reader.end();
  return reported(path, opened.format, opened.reader?.rows() ?? 0, brokenEnd ?? problem);
}

function readerFor(
  head: Uint8Array,
  opened: { format: FileReport['format'] },
  { gatherer, snapshots }: Gathering,
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
