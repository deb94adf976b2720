import type { ObjectStore, StoredObject } from './object-store.ts';

/** A cell of a Parquet file: times as epoch milliseconds, decimals and integers as numbers. */
export type Cell = number | string | null;

/** Some rows of a Parquet file, column by column in the order that was asked for. */
export interface ColumnPiece {
  readonly rows: number;
  readonly columns: readonly ArrayLike<Cell>[];
}

/** Reads flat Parquet files a row group at a time. */
export interface ParquetReader {
  /**
   * @param choose is told the file's columns and answers which ones to read, or a sentence why the file is of no use.
   * @throws a sentence when the file is no Parquet file or is damaged; pieces before the damage have been given by then.
   */
  read(
    store: ObjectStore,
    object: StoredObject,
    choose: (names: readonly string[]) => readonly string[] | { readonly refusal: string },
    onPiece: (piece: ColumnPiece) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** One part of a region's day of price changes, sorted by pool and time, all columns of one length. */
export interface HistoryPart {
  readonly atMs: readonly number[];
  readonly zone: readonly string[];
  readonly instanceType: readonly string[];
  readonly product: readonly string[];
  /** USD per hour; null while the pool is absent. */
  readonly pricePerHour: readonly (number | null)[];
}

/** The bytes of a Parquet file that holds the part. */
export type ParquetBytes = (part: HistoryPart) => Uint8Array;
