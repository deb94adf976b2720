import type { Socket } from 'node:net';
import type { DoorwayRefusal, Seat } from '../../ports/doorway.ts';
import type { KnownClients } from './known-clients.ts';
import type { WorkTurns } from './work-turns.ts';

/** What a connection has shown, the least first. */
const worth = { handshake: 0, unread: 1, unused: 2, idle: 3, busy: 4 } as const;

/** Reading an answer takes a client this long at most before its connection counts for little. */
const readingMs = 1_000;

export interface SeatTimes {
  readonly handshakeMs: number;
  readonly unusedMs: number;
  readonly idleMs: number;
  readonly unreadMs: number;
}

export interface SeatOptions {
  readonly client: string;
  readonly hasHandshake: boolean;
  readonly nowMs: () => number;
  readonly known: KnownClients;
  readonly turns: WorkTurns;
}

/** One connection's place. */
export class TakenSeat implements Seat {
  readonly client: string;
  readonly socket: Socket;
  /** `address:port`. */
  readonly peer: string;
  #isEstablished: boolean;
  #hasBeenAnswered = false;
  #calls = 0;
  #unread = 0;
  /** When the state began that holds now. */
  #sinceMs: number;
  #unreadSinceMs = 0;
  readonly #nowMs: () => number;
  readonly #known: KnownClients;
  readonly #turns: WorkTurns;

  constructor(socket: Socket, { client, hasHandshake, nowMs, known, turns }: SeatOptions) {
    this.socket = socket;
    this.peer = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    this.client = client;
    this.#isEstablished = !hasHandshake;
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
    this.#known = known;
    this.#turns = turns;
  }

  isKnown(): boolean {
    return this.#known.isKnown(this.client, this.#nowMs());
  }

  inTurn(work: () => void): void {
    this.#turns.do(this.client, this.isKnown(), work);
  }

  established(): void {
    if (this.#isEstablished) return;
    this.#isEstablished = true;
    this.#sinceMs = this.#nowMs();
  }

  busy(): (isAnswered: boolean) => void {
    this.established();
    this.#calls += 1;
    let isOver = false;
    return (isAnswered) => {
      if (isOver) return;
      isOver = true;
      this.#calls -= 1;
      if (isAnswered) this.#hasBeenAnswered = true;
      // Calls that come to nothing do not keep a connection that is never of use.
      if (isAnswered || this.#hasBeenAnswered) this.#sinceMs = this.#nowMs();
    };
  }

  unread(): (isRead: boolean) => void {
    if (this.#unread === 0) this.#unreadSinceMs = this.#nowMs();
    this.#unread += 1;
    let isOver = false;
    return (isRead) => {
      if (isOver) return;
      isOver = true;
      this.#unread -= 1;
      if (isRead) this.#known.sawRead(this.client, this.#nowMs());
      // Somebody reads, if slowly.
      this.#unreadSinceMs = this.#nowMs();
    };
  }

  /** Who goes first: by what was shown, then by how long it has been so. */
  rank(): { readonly worth: number; readonly sinceMs: number } {
    if (!this.#isEstablished) return { worth: worth.handshake, sinceMs: this.#sinceMs };
    if (this.#unread > 0 && this.#nowMs() - this.#unreadSinceMs > readingMs)
      return { worth: worth.unread, sinceMs: this.#unreadSinceMs };
    if (this.#calls > 0) return { worth: worth.busy, sinceMs: this.#sinceMs };
    return { worth: this.#hasBeenAnswered ? worth.idle : worth.unused, sinceMs: this.#sinceMs };
  }

  /** Why the connection must end now; undefined while it may stay. */
  overdue({ handshakeMs, unusedMs, idleMs, unreadMs }: SeatTimes): DoorwayRefusal | undefined {
    const lastsMs = this.#nowMs() - this.#sinceMs;
    if (!this.#isEstablished) return lastsMs > handshakeMs ? 'handshake' : undefined;
    if (this.#unread > 0 && this.#nowMs() - this.#unreadSinceMs > unreadMs) return 'unread';
    if (this.#calls > 0) return undefined;
    if (this.#hasBeenAnswered) return lastsMs > idleMs ? 'idle' : undefined;
    return lastsMs > unusedMs ? 'unused' : undefined;
  }
}

/** Seats that may have to go for another; those at work stay. */
export function isSpared(seat: TakenSeat): boolean {
  return seat.rank().worth === worth.busy;
}
