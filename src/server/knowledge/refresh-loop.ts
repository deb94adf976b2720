import { messageOf } from '../../errors/message-of.ts';
import { pause, pauseMs, usualJitter } from '../../patience/pace.ts';
import type { Clock } from '../../ports/clock.ts';

/** What one attempt found. */
export type RefreshResult = 'changed' | 'unchanged';

export interface RefreshStatus {
  /** When the source last answered, epoch milliseconds. */
  readonly lastGoodMs: number | undefined;
  /** Attempts that failed in a row. */
  readonly failures: number;
  readonly lastFailure: string | undefined;
}

export interface RefreshLoop {
  readonly status: () => RefreshStatus;
  /** Resolves when the first attempt is over, well or not. */
  readonly firstAttempt: Promise<void>;
}

export interface RefreshPlan {
  readonly everyMs: number;
  /** An attempt that is not over by then counts as failed. */
  readonly timeoutMs: number;
  /** After failures the pause grows, with jitter, from this (or `everyMs`, where that is less) up to `greatestPauseMs`. */
  readonly firstPauseMs: number;
  readonly greatestPauseMs: number;
  readonly run: (signal: AbortSignal) => Promise<RefreshResult>;
  readonly onFailure: (error: unknown, failures: number) => void;
  /** It went well again, after that many failures in a row. */
  readonly onRecovery?: (failures: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An attempt that heeds its signal is over within this time. */
const graceMs = 50;

/**
 * Runs a source's refresh again and again until the signal ends it. One attempt at a time: an attempt that outlives its
 * time-out and ignores its signal (a read on a dead disk holds a thread) is reported and then waited for, never doubled.
 */
export function startRefreshLoop(plan: RefreshPlan): RefreshLoop {
  let lastGoodMs: number | undefined;
  let failures = 0;
  let lastFailure: string | undefined;
  const first = Promise.withResolvers<undefined>();

  function failed(error: unknown): void {
    if (plan.signal.aborted) return;
    failures++;
    lastFailure = messageOf(error);
    notify(() => plan.onFailure(error, failures));
  }

  /** Whoever is told may fail as he likes: the refreshes go on. */
  function notify(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      lastFailure = `telling of it failed: ${messageOf(error)}`;
    }
  }

  async function attempt(): Promise<void> {
    const ending = new AbortController();
    const over = Promise.withResolvers<'late' | 'stopped'>();
    const onStop = (): void => {
      ending.abort(plan.signal.reason);
      over.resolve('stopped');
    };
    plan.signal.addEventListener('abort', onStop, { once: true });
    let timedOut: Error | undefined;
    const timeout = setTimeout(() => {
      timedOut = new Error(`no answer within ${plan.timeoutMs} ms`);
      ending.abort(timedOut);
    }, plan.timeoutMs);
    const lateness = setTimeout(() => over.resolve('late'), plan.timeoutMs + graceMs);
    timeout.unref();
    lateness.unref();
    const running = started(ending.signal).then(
      () => ({ kind: 'good' }) as const,
      (error: unknown) => ({ kind: 'bad', error: timedOut ?? error }) as const,
    );
    try {
      let outcome = await Promise.race([running, over.promise]);
      if (outcome === 'late') {
        failed(new Error(`no answer within ${plan.timeoutMs} ms, and the attempt cannot be stopped`));
        first.resolve(undefined);
        const stopped = Promise.withResolvers<'stopped'>();
        plan.signal.addEventListener('abort', () => stopped.resolve('stopped'), { once: true });
        outcome = await Promise.race([running, stopped.promise]);
        if (outcome !== 'stopped' && outcome.kind === 'bad') return;
      }
      if (outcome === 'stopped') return;
      if (outcome.kind === 'bad') {
        failed(outcome.error);
        return;
      }
      const failedBefore = failures;
      lastGoodMs = plan.clock.nowMs();
      failures = 0;
      lastFailure = undefined;
      if (failedBefore > 0) notify(() => plan.onRecovery?.(failedBefore));
    } finally {
      clearTimeout(timeout);
      clearTimeout(lateness);
      plan.signal.removeEventListener('abort', onStop);
    }
  }

  /** Also what is thrown before the first await is a failure of the attempt. */
  async function started(signal: AbortSignal): Promise<RefreshResult> {
    return plan.run(signal);
  }

  async function loop(): Promise<void> {
    const pace = {
      firstPauseMs: Math.min(plan.everyMs, plan.firstPauseMs),
      greatestPauseMs: plan.greatestPauseMs,
      jitter: usualJitter,
    };
    while (!plan.signal.aborted) {
      await attempt();
      first.resolve(undefined);
      const waitMs = failures === 0 ? plan.everyMs : pauseMs(pace, failures, Math.random());
      await pause(waitMs, plan.signal, false);
    }
    first.resolve(undefined);
  }

  void loop();
  return { status: () => ({ lastGoodMs, failures, lastFailure }), firstAttempt: first.promise };
}
