import { setTimeout as timer } from 'node:timers/promises';

/** How long is waited between two attempts at the same work: twice as long after each failure. */
export interface Pace {
  /** After the first failure. */
  readonly firstPauseMs: number;
  readonly greatestPauseMs: number;
  /** 0…1: the share of each pause that chance may take off. 0.5: a pause lasts between half of its length and all of it. */
  readonly jitter: number;
  /** A longer pause that the server asked for is kept up to this length; left out: up to `greatestPauseMs`. */
  readonly greatestAskedMs?: number;
}

/** What most work needs: whoever fails at the same moment comes back spread over half of the pause. */
export const usualJitter = 0.5;

/**
 * The pause after so many failures in a row.
 * @param failures at least 1; 0 counts as 1.
 * @param chance from 0 up to, but not including, 1.
 * @param askedMs what the server asked for, as of `Retry-After`; never waited longer than the pace allows.
 */
export function pauseMs(pace: Pace, failures: number, chance: number, askedMs = 0): number {
  const doublings = Math.min(Math.max(failures, 1) - 1, 50);
  const growing = Math.min(pace.greatestPauseMs, pace.firstPauseMs * 2 ** doublings);
  const asked = Math.min(askedMs, pace.greatestAskedMs ?? pace.greatestPauseMs);
  return Math.max(growing * (1 - pace.jitter * chance), asked);
}

/** The longest time that a timer of Node can be set to. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Waits; a signal ends the wait at once and quietly, so whoever waits looks at it afterwards.
 * @param hold whether the process stays alive for the wait.
 */
export async function pause(ms: number, signal: AbortSignal | undefined, hold = true): Promise<void> {
  const options = { ref: hold, ...(signal === undefined ? {} : { signal }) };
  await timer(Math.min(ms, longestTimerMs), undefined, options).catch(() => undefined);
}

/**
 * The pause that a `Retry-After` header asks for: seconds or a date (RFC 9110, 10.2.3).
 * @returns milliseconds, at least 0; undefined where it says nothing of the kind.
 */
export function askedPauseMs(header: string | null | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const atMs = /[a-z]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
