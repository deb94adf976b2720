/** The instance metadata service did not give what was asked; the message says why and what to do. */
export class MetadataUnavailable extends Error {
  override readonly name = 'MetadataUnavailable';
  readonly kind: string;

  constructor(kind: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
