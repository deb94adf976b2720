import type { ObjectStore, StoredObject } from './object-store.ts';
import type { ParquetReader } from './parquet-history.ts';

/** What is at a place that a person named. */
export interface OpenedLocation {
  readonly store: ObjectStore;
  readonly objects: readonly StoredObject[];
  /** Loaded when the first Parquet file is met. */
  readonly parquet: () => Promise<ParquetReader>;
}

/** Opens a file, a directory or `s3://bucket/prefix`. @throws SourceUnavailable when the store cannot be read. */
export type OpenLocation = (location: string, signal: AbortSignal) => Promise<OpenedLocation>;
