/** The API server did not do what was asked and may do it later: away, overloaded, or refusing. */
export class ClusterUnavailable extends Error {
  override readonly name = 'ClusterUnavailable';
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** What the API server asked us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    details: {
      readonly status?: number;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }

  /**
   * True when another try cannot end otherwise: the request is malformed, forbidden, not offered at that path, or invalid.
   * 401 is none of these: a token that has just been replaced, and an API server that cannot look tokens up for a while,
   * give it too.
   */
  get isFinal(): boolean {
    return this.status !== undefined && finalStatuses.includes(this.status);
  }
}

const finalStatuses: readonly number[] = [400, 403, 405, 422];
