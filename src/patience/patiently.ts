import { pause, pauseMs, type Pace } from './pace.ts';

export interface Attempts {
  readonly pace: Pace;
  /** In all, the first one included, at least 1; Infinity: until it goes well or is stopped. */
  readonly attempts: number;
  /** Ends the work: during a pause at once, during an attempt as soon as the attempt heeds it. */
  readonly signal: AbortSignal;
  /** The same work would fail again. */
  readonly isFinal?: (error: unknown) => boolean;
  /** What the server asked for in its answer, milliseconds. */
  readonly askedMs?: (error: unknown) => number | undefined;
  /** An attempt failed; `pauseMs` is what is waited before the next one, undefined when there is none. */
  readonly onFailure?: (error: unknown, attempt: number, pauseMs: number | undefined) => void;
  /** From 0 up to, but not including, 1. */
  readonly chance?: () => number;
}

/**
 * Tries until it goes well.
 * @param work is given the number of the attempt, from 1.
 * @throws what the last attempt threw: when it is final, when the attempts are used up, or when the signal has ended the work.
 */
export async function patiently<T>(work: (attempt: number) => Promise<T>, how: Attempts): Promise<T> {
  const { pace, attempts, signal, isFinal, askedMs, onFailure, chance = Math.random } = how;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      const isLast = signal.aborted || attempt >= attempts || isFinal?.(error) === true;
      const waitMs = isLast ? undefined : pauseMs(pace, attempt, chance(), askedMs?.(error));
      onFailure?.(error, attempt, waitMs);
      if (waitMs === undefined) throw error;
      await pause(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}
