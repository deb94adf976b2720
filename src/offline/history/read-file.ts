import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import type { ParquetReader } from '../../ports/parquet-history.ts';
import type { FileReport } from './history-report.ts';
import type { PointGatherer } from './pool-points.ts';
import { priceCsv, type ChunkReader } from './price-csv.ts';
import { priceJson } from './price-json.ts';
import { addParquet } from './price-parquet.ts';
import { namesSnapshots, snapshotTimes } from './snapshot-times.ts';
import { feed, formatOf } from './stored-history.ts';
import { encodingOf, utf8Bytes } from './text-encoding.ts';

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
  const parts = new PartReaders(gathering);
  const brokenEnd = await feed(
    store,
    file,
    { onBytes: (bytes) => parts.push(bytes), onPart: (name) => parts.next(name) },
    signal,
    onRead,
  );
  parts.end();
  return reported(path, parts.format, parts.rows, brokenEnd ?? parts.problem);
}

/** The reader of a file, or of the files within it one after the other. */
class PartReaders {
  readonly #gathering: Gathering;
  #name: string | undefined;
  #reader: ChunkReader | undefined;
  #utf8: ((piece: Uint8Array) => Uint8Array) | undefined;
  #hasPart = true;
  #refusal: string | undefined;
  readonly #problems: string[] = [];
  format: FileReport['format'] = 'not-read';
  rows = 0;

  constructor(gathering: Gathering) {
    this.#gathering = gathering;
  }

  get problem(): string | undefined {
    return this.#problems.length === 0 ? undefined : this.#problems.slice(0, 5).join('; ');
  }

  push(bytes: Uint8Array): void {
    if (this.#refusal !== undefined || bytes.length === 0) return;
    this.#utf8 ??= utf8Bytes(encodingOf(bytes));
    const text = this.#utf8(bytes);
    if (text.length === 0) return;
    this.#reader ??= this.#readerFor(text);
    this.#reader?.push(text);
  }

  /** The next file within this one begins. */
  next(name: string): void {
    if (this.#name === undefined) this.#hasPart = false;
    this.end();
    this.#name = name;
    this.#hasPart = true;
  }

  /** What has begun is over. */
  end(): void {
    if (!this.#hasPart) return;
    const problem = this.#refusal ?? (this.#reader === undefined ? 'the file is empty' : this.#reader.end());
    if (problem !== undefined)
      this.#problems.push(this.#name === undefined ? problem : `${this.#name}: ${problem}`);
    this.rows += this.#reader?.rows() ?? 0;
    this.#reader = undefined;
    this.#utf8 = undefined;
    this.#refusal = undefined;
  }

  #readerFor(head: Uint8Array): ChunkReader | undefined {
    const { gatherer, snapshots } = this.#gathering;
    switch (formatOf(head)) {
      case 'json':
        this.format = 'json';
        return priceJson(gatherer);
      case 'text':
      case 'empty':
        break;
      case 'gzip':
      case 'zstd':
      case 'zip':
      case 'parquet':
      case 'not-unpacked':
        this.#refusal = 'a packed file within a packed one is not read';
        return undefined;
    }
    if (namesSnapshots(head)) {
      this.format = 'snapshots';
      return snapshotTimes(snapshots);
    }
    this.format = 'csv';
    return priceCsv(gatherer, delimiterOf(head));
  }
}

/** Of tab, semicolon and comma the one that the first line has most of. */
function delimiterOf(head: Uint8Array): '\t' | ';' | ',' {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 4_096)).toString('latin1');
  const [line = ''] = text.split('\n', 1);
  const count = (mark: string): number => line.split(mark).length;
  const [tabs, semicolons, commas] = [count('\t'), count(';'), count(',')];
  if (tabs > commas && tabs >= semicolons) return '\t';
  return semicolons > commas ? ';' : ',';
}

function reported(
  path: string,
  format: FileReport['format'],
  rows: number,
  problem: string | undefined,
): FileReport {
  return { path, format, rows, ...(problem === undefined ? {} : { problem }) };
}
