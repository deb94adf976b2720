import { FairQueue } from './fair-queue.ts';

/** Between two looks at what has come in; a small scale-up takes one or two. */
const turnMs = 4;
/** Of the time, what strangers' calls may take: their answers cost as much again to be told of, and their handshakes beside it. */
const strangersShare = 0.15;
const strangersBurstMs = 50;
/** While only strangers wait whose share is used up. */
const restMs = 5;

export interface WorkTurnsOptions {
  readonly nowMs: () => number;
  /** Calls back when what has come in meanwhile has been read. */
  readonly afterReading?: (next: () => void) => void;
  readonly afterRest?: (next: () => void, ms: number) => void;
}

/**
 * Work for calls, a few milliseconds at a time: in between the event loop reads what has come in, so that a call which comes
 * behind a thousand others waits for one turn and not for all of them. Known clients come first, and strangers together have a
 * part of the time. Where nothing waits, work is done at once.
 */
export class WorkTurns {
  readonly #waiting = new FairQueue<() => void>();
  readonly #nowMs: () => number;
  readonly #afterReading: (next: () => void) => void;
  readonly #afterRest: (next: () => void, ms: number) => void;
  #spentMs = 0;
  #strangersMs = strangersBurstMs;
  #strangersAtMs: number;
  #isTurning = false;

  constructor({ nowMs, afterReading, afterRest }: WorkTurnsOptions) {
    this.#nowMs = nowMs;
    this.#strangersAtMs = nowMs();
    this.#afterReading = afterReading ?? ((next) => void setImmediate(next));
    this.#afterRest = afterRest ?? ((next, ms) => void setTimeout(next, ms).unref());
  }

  do(client: string, isKnown: boolean, work: () => void): void {
    if (this.#waiting.size === 0 && this.#spentMs < turnMs && (isKnown || this.#mayStrangers()))
      this.#done(work, isKnown);
    else this.#waiting.put(client, isKnown, work);
    this.#next();
  }

  #next(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#afterReading(() => this.#turn());
  }

  #turn(): void {
    this.#isTurning = false;
    this.#spentMs = 0;
    while (this.#spentMs < turnMs) {
      const next = this.#waiting.take(this.#mayStrangers());
      if (next === undefined) break;
      this.#done(next.item, next.isKnown);
    }
    if (this.#waiting.size === 0) return;
    if (this.#spentMs > 0) {
      this.#next();
      return;
    }
    // Known clients' work that comes meanwhile is put into a turn of its own.
    this.#afterRest(() => this.#next(), restMs);
  }

  #mayStrangers(): boolean {
    const nowMs = this.#nowMs();
    this.#strangersMs = Math.min(
      strangersBurstMs,
      this.#strangersMs + (nowMs - this.#strangersAtMs) * strangersShare,
    );
    this.#strangersAtMs = nowMs;
    return this.#strangersMs > 0;
  }

  #done(work: () => void, isKnown: boolean): void {
    const startedMs = this.#nowMs();
    work();
    const tookMs = this.#nowMs() - startedMs;
    this.#spentMs += tookMs;
    if (!isKnown) this.#strangersMs -= tookMs;
  }
}
