import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type ParquetParsers,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import type { Cell, ParquetReader } from '../../ports/parquet-history.ts';

/** A text that is no UTF-8 is no name; times become numbers, since that is what a history compares. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (ms) => Number(ms),
  timestampFromMicroseconds: (us) => Number(us) / 1_000,
  timestampFromNanoseconds: (ns) => Number(ns / 1_000n) / 1_000,
  dateFromDays: (days) => days * 86_400_000,
};

/** Spark, DuckDB and Arrow write groups of some hundred thousand rows, or of a million. */
const mostGroupRows = 5_000_000;

/** Parquet through hyparquet: every codec that Spark, DuckDB and Arrow write. */
export const parquetReader: ParquetReader = {
  async read(store, object, choose, onPiece, signal) {
    const file = asyncBuffer(store, object, signal);
    const metadata = await parquetMetadataAsync(file, { parsers });
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const columns = choose(names);
    if ('refusal' in columns) throw new Error(columns.refusal);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      signal.throwIfAborted();
      const groupRows = Number(group.num_rows);
      // A group is held whole; what its header claims is not to be believed without a bound.
      if (!(groupRows >= 0 && groupRows <= mostGroupRows))
        throw new Error(`a row group of ${groupRows} rows is more than is read at once (${mostGroupRows})`);
      const rowEnd = rowStart + groupRows;
      const gathered = columns.map(() => new Array<Cell>(rowEnd - rowStart).fill(null));
      const rows = await parquetReadObjects({
        file,
        metadata,
        columns: [...new Set(columns)],
        rowStart,
        rowEnd,
        compressors,
        parsers,
      });
      for (const [row, record] of rows.entries())
        for (const [index, name] of columns.entries()) {
          const column = gathered[index];
          if (column !== undefined) column[row] = cellOf(record[name]);
        }
      onPiece({ rows: rows.length, columns: gathered });
      rowStart = rowEnd;
    }
  },
};

function cellOf(value: unknown): Cell {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Date ? value.getTime() : null;
}

/** Ranges of the object; the file's tail, which holds its description, is asked for several times and kept. */
function asyncBuffer(store: ObjectStore, object: StoredObject, signal: AbortSignal): AsyncBuffer {
  let whole: Promise<ArrayBuffer> | undefined;
  const range = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(end - start);
    let at = 0;
    for await (const chunk of store.stream(object.key, signal, { start, end })) {
      if (at + chunk.length > bytes.length) throw new Error('the store gave more bytes than were asked for');
      bytes.set(chunk, at);
      at += chunk.length;
    }
    if (at < bytes.length) throw new Error('the file is shorter than its listing says');
    return bytes.buffer;
  };
  return {
    byteLength: object.bytes,
    async slice(start, end = object.bytes) {
      // A day of a region is small: one request is cheaper than five.
      if (object.bytes <= 8 << 20) return (await (whole ??= range(0, object.bytes))).slice(start, end);
      return range(start, end);
    },
  };
}
