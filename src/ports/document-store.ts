/** A document that was read, or the news that it is still the one whose version the caller knows. */
export type DocumentReading =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly version: string; readonly bytes: Uint8Array };

/** Where documents are published: a file system or an object store. */
export interface DocumentStore {
  /**
   * Reads a document whole, or answers `unchanged` cheaply when its version is still `knownVersion`.
   * @throws a sentence when the document is away, not a file, too large or was being written; the caller tries again later.
   */
  readIfChanged(
    path: string,
    knownVersion: string | undefined,
    signal: AbortSignal,
  ): Promise<DocumentReading>;
}
