/** One mistake in a request: where it stands (`pools.3.instance_type`, empty for the whole) and what is wrong. */
export interface RequestMistake {
  readonly path: string;
  readonly message: string;
}

/** A caller who sent thousands of mistakes learns from the first of them. */
const mostDetails = 50;

/** A request of our own API that cannot be understood: the caller's mistake, told in full. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly details: readonly RequestMistake[];

  constructor(mistakes: readonly RequestMistake[], options?: ErrorOptions) {
    const details = mistakes.slice(0, mostDetails);
    const more = mistakes.length - details.length;
    if (more > 0) details.push({ path: '', message: `and ${more} more mistakes` });
    super(
      details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '),
      options,
    );
    this.details = details;
  }
}
