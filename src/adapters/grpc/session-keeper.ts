import { setTimeout as delay } from 'node:timers/promises';
import type { Http2Session, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { BytesInFlight } from './bytes-in-flight.ts';
import { smallMessageBytes } from './large-messages.ts';

export interface SessionKeeperOptions {
  /** Connections are asked to renew after this time ± 10 %. Default: never. */
  readonly maxAgeMs: number | undefined;
  readonly inFlight: BytesInFlight;
  readonly chance?: () => number;
}

/** What a connection may send ahead of us: enough for every message that is not large. */
export const smallWindowBytes = 256 * 1024;
/** While a large message comes in: a round trip's worth of a fast link, without which it waits for every 64 KiB. */
export const largeWindowBytes = 16 * 1024 * 1024;
/** Of each wide connection some megabytes may be read between two looks at all others. */
const mostWide = 4;
/** So many are wide when a client that has not read an answer yet would like to be. */
const mostWideStrangers = 1;
/** A connection whose last large message is this long ago is narrowed again. */
const narrowAfterMs = 30_000;
/** A connection that is gone without a word is noticed after this time. */
const keepaliveMs = 120_000;
const keepaliveTimeoutMs = 20_000;
const ageGraceMs = 60_000;

interface Kept {
  readonly session: ServerHttp2Session;
  large: number;
  lastLargeMs: number;
  isWide: boolean;
  /** Undefined until a window was set. */
  windowBytes: number | undefined;
}

/** The open HTTP/2 connections: how long each may live, whether it still does, and how much it may send ahead. */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #kept = new Map<Http2Session, Kept>();
  readonly #narrowing: NodeJS.Timeout;
  #lastLargeWindow: number | undefined;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    this.#narrowing = setInterval(() => this.#narrowIdle(), narrowAfterMs / 4);
    this.#narrowing.unref();
  }

  get count(): number {
    return this.#kept.size;
  }

  /** The window that the last large message was given; undefined before the first. */
  get largeWindow(): number | undefined {
    return this.#lastLargeWindow;
  }

  opened(session: ServerHttp2Session): void {
    const kept = { session, large: 0, lastLargeMs: 0, isWide: false, windowBytes: undefined };
    this.#kept.set(session, kept);
    // What breaks a connection also closes it.
    session.on('error', () => undefined);
    session.setLocalWindowSize(smallWindowBytes);
    const timers = [this.#ageTimer(session), keepalive(session)];
    session.once('close', () => {
      this.#kept.delete(session);
      for (const stop of timers) stop();
    });
  }

  /** A message of this size begins on a stream; the result tells that it has come, or will not. */
  largeMessage(stream: ServerHttp2Stream, bytes: number, isKnown: boolean): () => void {
    const kept = stream.session === undefined ? undefined : this.#kept.get(stream.session);
    if (kept === undefined || bytes <= smallMessageBytes) return () => undefined;
    kept.large += 1;
    kept.lastLargeMs = performance.now();
    if (!kept.isWide && this.#hasRoom(isKnown ? mostWide : mostWideStrangers)) this.#widen(kept);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      kept.large -= 1;
      kept.lastLargeMs = performance.now();
    };
  }

  /** Clients are told to begin no call here any more; what they had begun before they heard of it, for `hearMs`, is still taken. */
  async closeAll(hearMs: number): Promise<void> {
    if (this.#kept.size === 0) return;
    for (const { session } of this.#kept.values())
      if (!session.destroyed)
        session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1, Buffer.from('draining'));
    await delay(hearMs);
    for (const { session } of this.#kept.values()) session.close();
  }

  destroyAll(): void {
    clearInterval(this.#narrowing);
    for (const { session } of this.#kept.values()) session.destroy();
  }

  /** What wide connections may have on the way fits into half of what is free. */
  #hasRoom(most: number): boolean {
    const { bytes, limitBytes } = this.#options.inFlight;
    const wide = [...this.#kept.values()].filter(({ isWide }) => isWide).length;
    return wide === 0 || (wide < most && (wide + 1) * largeWindowBytes <= (limitBytes - bytes) / 2);
  }

  #widen(kept: Kept): void {
    kept.isWide = true;
    kept.session.setLocalWindowSize(largeWindowBytes);
    this.#lastLargeWindow = kept.session.state.effectiveLocalWindowSize;
  }

  #narrowIdle(): void {
    for (const kept of this.#kept.values()) {
      if (!kept.isWide || kept.large > 0 || performance.now() - kept.lastLargeMs < narrowAfterMs) continue;
      kept.isWide = false;
      if (!kept.session.destroyed) kept.session.setLocalWindowSize(smallWindowBytes);
    }
  }

  /** The client is told to open another connection; calls on this one end first. */
  #ageTimer(session: ServerHttp2Session): () => void {
    const { maxAgeMs, chance = Math.random } = this.#options;
    if (maxAgeMs === undefined) return () => undefined;
    let grace: NodeJS.Timeout | undefined;
    const age = setTimeout(
      () => {
        if (session.destroyed) return;
        // All streams that were begun before the client hears of it are still served.
        session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1, Buffer.from('max_age'));
        session.close();
        grace = setTimeout(() => session.destroy(), ageGraceMs);
        grace.unref();
      },
      maxAgeMs * (0.9 + 0.2 * chance()),
    );
    age.unref();
    return () => {
      clearTimeout(age);
      clearTimeout(grace);
    };
  }
}

/** Asks now and then whether anybody is there; destroys the session when nobody is. */
function keepalive(session: ServerHttp2Session): () => void {
  let waiting: NodeJS.Timeout | undefined;
  const asking = setInterval(() => {
    if (session.destroyed) return;
    waiting = setTimeout(() => session.destroy(), keepaliveTimeoutMs);
    waiting.unref();
    const isSent = session.ping((error) => {
      clearTimeout(waiting);
      if (error !== null) session.destroy();
    });
    if (!isSent) session.destroy();
  }, keepaliveMs);
  asking.unref();
  return () => {
    clearInterval(asking);
    clearTimeout(waiting);
  };
}
