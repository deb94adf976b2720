/** Nothing is published there, or not yet: an answer of the store, not a fault of it. */
export class DocumentMissing extends Error {
  override readonly name = 'DocumentMissing';

  constructor(path: string, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    super(`There is no ${path}${why}.`, options);
  }
}
