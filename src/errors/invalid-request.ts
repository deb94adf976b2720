/** One mistake in a request: where it stands (`pools.3.instance_type`, empty for the whole) and what is wrong. */
export interface RequestMistake {
  readonly path: string;
  readonly message: string;
}

/** A request of our own API that cannot be understood: the caller's mistake, told in full. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly details: readonly RequestMistake[];

  constructor(details: readonly RequestMistake[], options?: ErrorOptions) {
    super(
      details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '),
      options,
    );
    this.details = details;
  }
}
