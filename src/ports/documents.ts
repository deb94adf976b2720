/** Changes whenever the content does, and may change without it; compared for equality only. */
export type DocumentVersion = string;

/**
 * What became of reading a document: `unchanged` where its content is still that of the version the caller knows. `version` is
 * what the caller asks with next time.
 */
export type DocumentReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unchanged'; readonly version: DocumentVersion }
  | { readonly kind: 'changed'; readonly version: DocumentVersion; readonly bytes: Uint8Array };

/** Named bytes with a version, to be read: files, objects under `s3://…`, what a web server publishes. */
export interface Documents {
  /**
   * Whole; `unchanged`, as cheaply as the place allows, when the version is still `knownVersion`.
   * @throws a sentence when the document cannot be read: it is no file, too large, was being written, or its place does not
   * answer. The caller tries again later.
   */
  read(
    name: string,
    knownVersion: DocumentVersion | undefined,
    signal: AbortSignal,
  ): Promise<DocumentReading>;
}

/** Documents that may be too large to hold. */
export interface StreamedDocuments extends Documents {
  /** In pieces. @throws as `read` does, also when the document is not there. */
  stream(name: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
