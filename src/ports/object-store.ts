import type { DocumentVersion, StreamedDocuments } from './documents.ts';

/** A stored object as a listing tells of it. */
export interface StoredObject {
  /** Path below the store's root, parts separated by `/`. */
  readonly key: string;
  readonly bytes: number;
}

/** Bytes `start` (0 when left out) up to `end` (exclusive; to the last one when left out). */
export interface ByteRange {
  readonly start?: number;
  readonly end?: number;
}

/**
 * A directory or a bucket's prefix, to be read and written: history, static data, models and recordings live in one. Names are
 * keys, which never begin with `/` or hold `..`. All methods throw SourceUnavailable after their own retries; what is not there
 * is an answer, not a failure.
 */
export interface ObjectStore extends StreamedDocuments {
  /** For people: the directory's path or `s3://bucket/prefix`. */
  readonly location: string;
  /** All objects below a prefix (a whole path part such as `history/`, or empty), by key. */
  list(prefix: string, signal: AbortSignal): Promise<readonly StoredObject[]>;
  stream(key: string, signal: AbortSignal, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Replaces the object whole: a reader sees the old content or the new, also after a power cut. */
  put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<DocumentVersion>;
  /** Removing what is not there is no failure. */
  delete(key: string, signal: AbortSignal): Promise<void>;
}
