import { SourceUnavailable, type UnavailableReason } from '../../errors/source-unavailable.ts';
import { askedPauseMs, usualJitter, type Pace } from '../../patience/pace.ts';
import { patiently } from '../../patience/patiently.ts';
import type { StreamedDocuments } from '../../ports/documents.ts';

export interface FeedOptions {
  /** A document that is read whole may hold this many bytes. */
  readonly maxBytes?: number;
  /** Until the first byte, and between two pieces. */
  readonly timeoutMs?: number;
  readonly attempts?: number;
  readonly pace?: Pace;
}

const usualPace: Pace = {
  firstPauseMs: 500,
  greatestPauseMs: 10_000,
  jitter: usualJitter,
  greatestAskedMs: 60_000,
};

/** Public documents through fetch. Plain HTTP is for this machine only: prices decide where money goes. */
export function publicDocuments(options: FeedOptions = {}): StreamedDocuments {
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const attempts = options.attempts ?? 4;

  async function read<T>(url: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    assertSafe(url);
    let tried = 0;
    return patiently(attempt, {
      pace: options.pace ?? usualPace,
      attempts,
      signal,
      isFinal: (error) => error instanceof SourceUnavailable && error.reason === 'denied',
      askedMs: (error) => (error instanceof Unanswered ? error.retryAfterMs : undefined),
      onFailure: (_, attempt) => (tried = attempt),
    }).catch((error: unknown) => {
      throw signal.aborted
        ? new SourceUnavailable('stopped', `Reading ${url} was stopped.`, { cause: error })
        : unavailable(url, tried, error);
    });
  }

  return {
    read: (url, knownVersion, signal) =>
      read(url, signal, async () => {
        const answer = await opened(url, knownVersion, timeoutMs, signal);
        if (answer === 'missing') return { kind: 'missing' };
        if (answer === 'unchanged') return { kind: 'unchanged', version: knownVersion ?? '' };
        const parts: Uint8Array[] = [];
        let length = 0;
        for await (const part of answer.pieces) {
          length += part.length;
          if (length > maxBytes)
            throw new SourceUnavailable(
              'denied',
              `${url} holds more than ${maxBytes} bytes and is not read.`,
            );
          parts.push(part);
        }
        return { kind: 'changed', version: answer.etag, bytes: Buffer.concat(parts) };
      }),
    async *stream(url, signal) {
      const answer = await read(url, signal, () => opened(url, undefined, timeoutMs, signal));
      if (answer === 'unchanged') return;
      if (answer === 'missing') throw new SourceUnavailable('denied', `There is no ${url}.`);
      try {
        yield* answer.pieces;
      } catch (error) {
        throw unavailable(url, 1, error);
      }
    },
  };
}

/** The server is there and may answer later. */
class Unanswered extends SourceUnavailable {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs: number | undefined) {
    super('failed', message);
    this.retryAfterMs = retryAfterMs;
  }
}

interface Opened {
  readonly etag: string;
  readonly pieces: AsyncIterable<Uint8Array>;
}

async function opened(
  url: string,
  knownETag: string | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Opened | 'unchanged' | 'missing'> {
  const ending = new AbortController();
  let timer = setTimeout(() => ending.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const both = AbortSignal.any([signal, ending.signal]);
  try {
    const response = await fetch(url, {
      signal: both,
      headers: knownETag === undefined ? {} : { 'if-none-match': knownETag },
    });
    clearTimeout(timer);
    if (response.status === 304) return 'unchanged';
    if (!response.ok) {
      await response.body?.cancel();
      if (response.status === 404) return 'missing';
      const refused = response.status >= 400 && response.status < 500 && response.status !== 429;
      const said = `${url} answered ${response.status}.`;
      if (refused) throw new SourceUnavailable('denied', said);
      throw new Unanswered(said, askedPauseMs(response.headers.get('retry-after'), Date.now()));
    }
    const expected = Number(response.headers.get('content-length') ?? NaN);
    const body: AsyncIterable<Uint8Array> | null = response.body;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      let length = 0;
      const rearm = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => ending.abort(new Error(`silent for ${timeoutMs} ms`)), timeoutMs);
      };
      try {
        rearm();
        for await (const piece of body ?? []) {
          length += piece.length;
          clearTimeout(timer);
          yield piece;
          rearm();
        }
      } finally {
        clearTimeout(timer);
      }
      const isPlain = response.headers.get('content-encoding') === null;
      if (isPlain && length < expected) throw new Error(`only ${length} of ${expected} bytes came`);
    }
    return { etag: response.headers.get('etag') ?? '', pieces: pieces() };
  } catch (error) {
    clearTimeout(timer);
    throw ending.signal.aborted ? ending.signal.reason : error;
  }
}

function assertSafe(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isLocal = parsed !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(parsed.hostname);
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLocal)) return;
  throw new SourceUnavailable('denied', `${url} is not an https:// address.`);
}

function unavailable(url: string, tries: number, error: unknown): SourceUnavailable {
  if (error instanceof SourceUnavailable) return error;
  const causes: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) causes.push(at.message);
  const reason: UnavailableReason = causes.some((cause) => /within|silent/.test(cause))
    ? 'timed-out'
    : 'failed';
  return new SourceUnavailable(
    reason,
    `Reading ${url} failed after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${causes.join(': ')}`,
    { cause: error },
  );
}
