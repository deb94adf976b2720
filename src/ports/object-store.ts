/** A stored object as a listing tells of it. */
export interface StoredObject {
  /** Path below the store's root, parts separated by `/`. */
  readonly key: string;
  readonly bytes: number;
}

/** Changes whenever the content does; compared for equality only. */
export type ETag = string;

export type ObjectReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unchanged'; readonly etag: ETag }
  | { readonly kind: 'object'; readonly etag: ETag; readonly bytes: Uint8Array };

/**
 * A directory or a bucket's prefix: history, static data and models live in one. Keys never begin with `/` or hold `..`.
 * All methods throw SourceUnavailable after their own retries; what is not there is an answer, not a failure.
 */
export interface ObjectStore {
  /** For people: the directory's path or `s3://bucket/prefix`. */
  readonly location: string;
  /** All objects below a prefix (a whole path part such as `history/`, or empty), by key. */
  list(prefix: string, signal: AbortSignal): Promise<readonly StoredObject[]>;
  /** Whole; `unchanged` without its bytes when its ETag is still `knownETag`. */
  get(key: string, knownETag: ETag | undefined, signal: AbortSignal): Promise<ObjectReading>;
  /** Bytes `start` (0 when left out) up to `end` (exclusive), in pieces. */
  stream(
    key: string,
    range: { readonly start?: number; readonly end?: number },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Replaces the object whole: a reader sees the old content or the new. */
  put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<ETag>;
  /** Removing what is not there is no failure. */
  delete(key: string, signal: AbortSignal): Promise<void>;
}
