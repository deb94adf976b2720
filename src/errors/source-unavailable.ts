/** Why a source of knowledge could not be read; without credentials no other call can succeed either. */
export type UnavailableReason =
  'no-credentials' | 'denied' | 'throttled' | 'timed-out' | 'stopped' | 'failed';

/** A source of knowledge gave no answer after its own retries; what is known already stays in use. */
export class SourceUnavailable extends Error {
  override readonly name = 'SourceUnavailable';
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
