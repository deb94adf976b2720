import { SourceUnavailable } from '../errors/source-unavailable.ts';
import { askedPauseMs, usualJitter, type Pace } from '../patience/pace.ts';
import { patiently } from '../patience/patiently.ts';
import { reasonOf, sentenceOf, type FailureReason } from './failure-reason.ts';

/** How long and how often one call to AWS is tried. */
export interface Patience extends Pace {
  /** Each attempt ends after this time. */
  readonly attemptTimeoutMs: number;
  /** At least 1, the first one included. */
  readonly attempts: number;
}

export const usualPatience: Patience = {
  attemptTimeoutMs: 10_000,
  attempts: 6,
  firstPauseMs: 200,
  greatestPauseMs: 10_000,
  jitter: usualJitter,
};

export interface CallEvents {
  /** An attempt failed and another follows after `pauseMs`. */
  readonly onRetry?: (action: string, reason: 'throttled' | 'timed-out' | 'failed', pauseMs: number) => void;
}

/**
 * Makes a call to AWS until it answers: a pause with jitter after throttling, time-outs and faults of the network or the
 * service; none after a refusal. An attempt that does not end by itself is left behind at its time-out: also one that hangs
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
  try {
    return await patiently((attempt) => tried(call, attempt, patience.attemptTimeoutMs, signal), {
      pace: patience,
      attempts: patience.attempts,
      signal,
      isFinal: (error) => error instanceof FailedAttempt && isFinal(error.reason),
      askedMs: (error) => (error instanceof FailedAttempt ? askedMs(error.cause) : undefined),
      onFailure: (error, _, pauseMs) => {
        if (pauseMs === undefined || !(error instanceof FailedAttempt) || isFinal(error.reason)) return;
        events.onRetry?.(action, error.reason, Math.round(pauseMs));
      },
    });
  } catch (failed) {
    if (!(failed instanceof FailedAttempt)) throw failed;
    const reason = signal.aborted ? 'stopped' : failed.reason;
    throw new SourceUnavailable(
      reason === 'refused' ? 'failed' : reason,
      sentenceOf(action, reason, failed.attempt, patience.attemptTimeoutMs, failed.cause),
      { cause: failed.cause },
    );
  }
}

type FinalReason = 'no-credentials' | 'denied' | 'refused' | 'stopped';

function isFinal(reason: FailureReason): reason is FinalReason {
  return reason === 'no-credentials' || reason === 'denied' || reason === 'refused' || reason === 'stopped';
}

/** A service, or a proxy before it, may name a pause. */
function askedMs(error: unknown): number | undefined {
  const { $response } = (error ?? {}) as { $response?: { headers?: Record<string, string | undefined> } };
  return askedPauseMs($response?.headers?.['retry-after'], Date.now());
}

class FailedAttempt extends Error {
  readonly reason: FailureReason;
  readonly attempt: number;

  constructor(reason: FailureReason, attempt: number, cause: unknown) {
    super(`attempt ${attempt} failed`, { cause });
    this.reason = reason;
    this.attempt = attempt;
  }
}

async function tried<T>(
  call: (signal: AbortSignal) => Promise<T>,
  attempt: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  // With the first call, which loads the SDK anyway: a process that never asks AWS holds nothing of it.
  const sdk = import('@smithy/core/retry');
  // It is awaited only where an attempt fails.
  sdk.catch(() => undefined);
  const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await beforeAbort(call(ended), ended);
  } catch (error) {
    const reason = signal.aborted ? 'stopped' : ended.aborted ? 'timed-out' : reasonOf(error, await sdk);
    throw new FailedAttempt(reason, attempt, error);
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
