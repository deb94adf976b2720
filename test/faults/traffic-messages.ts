/** What the drill and the thread of its traffic tell each other. */
export interface TrafficOrder {
  readonly port: number;
  readonly rootPem: string;
  readonly callsPerSecond: number;
  readonly deadlineMs: number;
}

export interface FailedCall {
  /** Epoch milliseconds. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly what: string;
}

export interface TrafficReport {
  readonly calls: number;
  readonly answered: number;
  readonly failed: readonly FailedCall[];
  /** Answers that a client may not get: the call ended well all the same. */
  readonly illegal: readonly FailedCall[];
  readonly slowestMs: number;
  readonly meanMs: number;
  /** The same since the last `mark`. */
  readonly sinceMark: {
    readonly calls: number;
    readonly failed: number;
    readonly slowestMs: number;
    readonly p99Ms: number;
  };
  /** When the last answer came, epoch milliseconds. */
  readonly lastAnswerMs: number;
}

export type TrafficQuestion =
  { readonly kind: 'report' } | { readonly kind: 'mark' } | { readonly kind: 'stop' };
