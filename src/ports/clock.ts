/** Time as an argument. */
export interface Clock {
  /** Epoch milliseconds; may jump. */
  readonly nowMs: () => number;
  /** Milliseconds that never go back; for durations only. */
  readonly monotonicMs: () => number;
}
