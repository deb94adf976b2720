/** Documents that AWS publishes for everybody, by HTTPS. All throw SourceUnavailable after their own retries. */
export interface PublicDocuments {
  /** Whole; `unchanged` when the server says so of `knownETag`. */
  read(
    url: string,
    knownETag: string | undefined,
    signal: AbortSignal,
  ): Promise<
    | { readonly kind: 'unchanged' }
    | { readonly kind: 'changed'; readonly etag: string; readonly bytes: Uint8Array }
  >;
  /** In pieces, for documents that are too large to hold. */
  stream(url: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
