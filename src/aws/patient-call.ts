import { setTimeout as wait } from 'node:timers/promises';
import { ExponentialBackoff } from 'cockatiel';
import { SourceUnavailable } from '../errors/source-unavailable.ts';
import { reasonOf, sentenceOf } from './failure-reason.ts';

/** How long and how often one call to AWS is tried. */
export interface Patience {
  /** Each try ends after this time. */
  readonly tryTimeoutMs: number;
  /** At least 1, the first one included. */
  readonly tries: number;
  /** The first pause is about this long; later ones grow, with jitter, up to `maxPauseMs`. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

export const usualPatience: Patience = {
  tryTimeoutMs: 10_000,
  tries: 6,
  firstPauseMs: 200,
  maxPauseMs: 10_000,
};

export interface CallEvents {
  /** A try failed and another follows after `pauseMs`. */
  readonly onRetry?: (action: string, reason: 'throttled' | 'timed-out' | 'failed', pauseMs: number) => void;
}

/**
 * Makes a call to AWS until it answers: a pause with jitter after throttling, time-outs and faults of the network or the
 * service; none after a refusal. A try that does not end by itself is left behind at its time-out: also one that hangs
 * before the request is sent, as a search for credentials or a name server can.
 * @throws SourceUnavailable with the last reason; at once with `stopped` when the signal ends the work.
 */
export async function patientCall<T>(
  action: string,
  call: (signal: AbortSignal) => Promise<T>,
  patience: Patience,
  signal: AbortSignal,
  events: CallEvents = {},
): Promise<T> {
  let backoff = new ExponentialBackoff({
    initialDelay: patience.firstPauseMs,
    maxDelay: patience.maxPauseMs,
  }).next();
  for (let attempt = 1; ; attempt++) {
    const ended = AbortSignal.any([signal, AbortSignal.timeout(patience.tryTimeoutMs)]);
    try {
      return await beforeAbort(call(ended), ended);
    } catch (error) {
      const reason = signal.aborted ? 'stopped' : ended.aborted ? 'timed-out' : reasonOf(error);
      const isFinal =
        reason === 'no-credentials' || reason === 'denied' || reason === 'refused' || reason === 'stopped';
      if (isFinal || attempt >= patience.tries) {
        throw new SourceUnavailable(
          reason === 'refused' ? 'failed' : reason,
          sentenceOf(action, reason, attempt, patience.tryTimeoutMs, error),
          { cause: error },
        );
      }
      const pauseMs = Math.round(backoff.duration);
      events.onRetry?.(action, reason, pauseMs);
      // A stop during the pause is met by the next try, which ends at once.
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
      backoff = backoff.next(undefined);
    }
  }
}

async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  // Whichever loses the race has nobody left to hear its failure.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
