import type { Socket } from 'node:net';
import { ClientRate } from './client-rate.ts';
import { FairQueue } from './fair-queue.ts';

export interface WaitingLimits {
  /** Connections begun at once, and a second in the long run, of all clients together: a handshake takes a millisecond or two. */
  readonly burst: number;
  readonly perSecond: number;
  /** How many may wait for that. */
  readonly waiting: number;
}

interface Waiting {
  readonly socket: Socket;
  readonly begin: () => void;
  readonly sinceMs: number;
}

/** A client has given up by then. */
const longestWaitMs = 5_000;
const lookEveryMs = 10;

/**
 * New connections begin at a pace that leaves the event loop to those that are there. Accepted they cost little; it is what
 * follows, a handshake above all, that they wait for: known clients first, and in rounds over clients.
 */
export class WaitingRoom {
  readonly #limits: WaitingLimits;
  readonly #pace: ClientRate;
  readonly #queue = new FairQueue<Waiting>();
  readonly #nowMs: () => number;
  readonly #onGivenUp: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: WaitingLimits, nowMs: () => number, onGivenUp: () => void) {
    this.#limits = limits;
    this.#pace = new ClientRate(limits.burst, limits.perSecond);
    this.#nowMs = nowMs;
    this.#onGivenUp = onGivenUp;
  }

  /** Calls `begin` when it is this connection's turn: at once where nobody waits and the pace allows it. */
  enter(socket: Socket, client: string, isKnown: boolean, begin: () => void): void {
    if (this.#queue.size === 0 && this.#mayBegin()) {
      begin();
      return;
    }
    this.#queue.put(client, isKnown, { socket, begin, sinceMs: this.#nowMs() });
    if (this.#queue.size > this.#limits.waiting) this.#giveUp(this.#queue.giveUp());
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take())
      next.item.socket.destroy();
  }

  #mayBegin(): boolean {
    return this.#pace.admits('all', this.#nowMs());
  }

  #look(): void {
    while (this.#queue.size > 0 && this.#mayBegin()) {
      const next = this.#queue.take()?.item;
      if (next === undefined || next.socket.destroyed) continue;
      if (this.#nowMs() - next.sinceMs > longestWaitMs) this.#giveUp(next);
      else next.begin();
    }
    if (this.#queue.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #giveUp(one: Waiting | undefined): void {
    if (one === undefined) return;
    this.#onGivenUp();
    one.socket.destroy();
  }
}
