import type { SpotAdvisor } from '../../api/messages.ts';
import { Overloaded } from '../../errors/overloaded.ts';
import type { Clock } from '../../ports/clock.ts';

export interface PacedAdvisorOptions {
  readonly clock: Clock;
  /** Resolves after that time; the event loop is free meanwhile. */
  readonly rest: (ms: number) => Promise<void>;
  /** Questions that may wait; one more is turned away. */
  readonly mostWaiting?: number;
}

const defaultMostWaiting = 24;
/** Of the time that questions take, the event loop rests this many times as long for the autoscaler's own. */
const restsAsLong = 4;
const longestRestMs = 500;
/** A rest that ends this late had others in its way: the event loop has work, and the next question waits for that as well. */
const lateMs = 10;
const longestYieldMs = 1_000;
const retryAfterMs = 1_000;

/**
 * The same advisor, one question at a time with the event loop free in between: a ranking of a whole region takes some tens of
 * milliseconds, and whoever asks for many of them waits for himself, not the autoscaler for him.
 */
export function pacedAdvisor(advisor: SpotAdvisor, options: PacedAdvisorOptions): SpotAdvisor {
  const { clock, rest, mostWaiting = defaultMostWaiting } = options;
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  const rested = async (ms: number): Promise<void> => {
    const startedMs = clock.monotonicMs();
    await rest(ms);
    const late = clock.monotonicMs() - startedMs - ms;
    if (late > lateMs) await rest(Math.min(longestYieldMs, restsAsLong * late));
  };
  const inTurn = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (waiting >= mostWaiting)
      throw new Overloaded(`${waiting} questions are waiting already; ask again in a second`, retryAfterMs);
    waiting += 1;
    const before = last;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    last = promise;
    await before;
    const startedMs = clock.monotonicMs();
    let tookMs: number | undefined;
    try {
      const answer = await work();
      tookMs = clock.monotonicMs() - startedMs;
      // It becomes text in a piece of its own.
      await rest(0);
      return answer;
    } finally {
      waiting -= 1;
      // What the answer still costs on its way out, as text, is part of the rest that follows.
      tookMs ??= clock.monotonicMs() - startedMs;
      void rested(Math.min(longestRestMs, restsAsLong * tookMs)).then(() => resolve(undefined));
    }
  };
  return {
    rank: (request, caller) => inTurn(() => advisor.rank(request, caller)),
    evaluate: (request, caller) => inTurn(() => advisor.evaluate(request, caller)),
    explain: (request) => inTurn(() => advisor.explain(request)),
    listPools: (request) => inTurn(() => advisor.listPools(request)),
  };
}
