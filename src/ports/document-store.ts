/**
 * A document that was read, or the news that its content is still that of the version the caller knows. Either way `version`
 * is what the caller asks with next time; it may change without the content.
 */
export type DocumentReading =
  | { readonly kind: 'unchanged'; readonly version: string }
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
