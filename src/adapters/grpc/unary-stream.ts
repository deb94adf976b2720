import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { BytesInFlight, Holding } from './bytes-in-flight.ts';
import type { Seat } from '../../ports/doorway.ts';
import type { GrpcEvent } from '../../ports/grpc-events.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { answeredStream, refusedStream } from './grpc-responses.ts';
import { grpcTimeoutMs } from './grpc-timeout.ts';
import { inflated, type MessageEncoding } from './inflated.ts';
import { MessageFrame } from './message-frame.ts';
import type { ReceiveBuffers } from './receive-buffers.ts';
import type { ReceivedPieces } from './received-pieces.ts';
import { statusOf, type CallStatus } from './statuses.ts';

type UnaryMethod = Extract<GrpcMethod, { kind: 'unary' }>;

export interface UnaryStreamOptions {
  readonly buffers: ReceiveBuffers;
  readonly pieces: ReceivedPieces;
  readonly inFlight: BytesInFlight;
  /** A client that stops in the middle of its message does not keep the message's memory for longer, whatever deadline it gave itself. */
  readonly receiveLimitMs: number;
  readonly onEvent: (event: GrpcEvent) => void;
  /** A message begins to come in; the result is called when it has come or will not, or it is why it may not come now. */
  readonly onMessage: (
    stream: ServerHttp2Stream,
    seat: Seat | undefined,
    bytes: number,
  ) => (() => void) | CallStatus;
}

/** One call as its headers tell of it. */
export interface UnaryCallStream {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly method: UnaryMethod;
  /** The connection's; undefined when it has just ended. */
  readonly seat: Seat | undefined;
}

/** Serves one unary call on an HTTP/2 stream. */
export function serveUnaryStream(call: UnaryCallStream, options: UnaryStreamOptions): void {
  new UnaryStream(call, options).serve();
}

class UnaryStream {
  readonly #stream: ServerHttp2Stream;
  readonly #timeout: string | undefined;
  readonly #encoding: string;
  readonly #authority: string;
  readonly #method: UnaryMethod;
  readonly #seat: Seat | undefined;
  readonly #options: UnaryStreamOptions;
  readonly #holding: Holding;
  readonly #frame: MessageFrame;
  readonly #abort = new AbortController();
  readonly #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #timeoutMs: number | undefined;
  #deadlineMs: number | undefined;
  #messageBytes: number | undefined;
  #isAnswered = false;
  #isHandling = false;
  #received = (): void => undefined;

  constructor({ stream, headers, method, seat }: UnaryCallStream, options: UnaryStreamOptions) {
    this.#stream = stream;
    this.#seat = seat;
    const { 'grpc-timeout': timeout, 'grpc-encoding': encoding } = headers;
    this.#timeout = typeof timeout === 'string' ? timeout : undefined;
    this.#authority = headers[':authority'] ?? '';
    this.#encoding = typeof encoding === 'string' ? encoding : 'identity';
    this.#method = method;
    this.#options = options;
    this.#holding = options.inFlight.held(() =>
      this.#end(status.RESOURCE_EXHAUSTED, 'too many large requests at once, and this one was the slowest'),
    );
    this.#frame = new MessageFrame({
      maxMessageBytes: method.maxMessageBytes,
      buffers: options.buffers,
      holding: this.#holding,
      mayBeCompressed: this.#encoding !== 'identity',
      onLength: (bytes) => {
        const begun = options.onMessage(stream, seat, bytes);
        if (typeof begun !== 'function') return begun;
        this.#received = begun;
        return undefined;
      },
    });
  }

  serve(): void {
    const stream = this.#stream;
    // A reset or broken connection also closes the stream; that is where it is dealt with.
    stream.on('error', () => undefined);
    stream.on('close', () => this.#closed());
    if (!this.#startTimer() || !this.#canRead()) return;
    stream.on('data', (chunk: Buffer) => {
      this.#options.pieces.received(chunk.length);
      if (this.#isAnswered) return;
      const refusal = this.#frame.take(chunk);
      if (refusal !== undefined) this.#end(refusal.code, refusal.message);
    });
    stream.on('end', () => this.#whole());
  }

  #startTimer(): boolean {
    let limitMs = this.#options.receiveLimitMs;
    if (this.#timeout !== undefined) {
      const timeoutMs = grpcTimeoutMs(this.#timeout);
      if (timeoutMs === undefined) {
        this.#end(status.INTERNAL, `invalid grpc-timeout value "${this.#timeout}"`);
        return false;
      }
      this.#timeoutMs = timeoutMs;
      this.#deadlineMs = Date.now() + timeoutMs;
      limitMs = Math.min(timeoutMs, limitMs);
    }
    this.#endAfter(limitMs);
    return true;
  }

  #canRead(): boolean {
    if (['identity', 'gzip', 'deflate'].includes(this.#encoding)) return true;
    this.#end(status.UNIMPLEMENTED, `unsupported message encoding "${this.#encoding}"`);
    return false;
  }

  #endAfter(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(status.DEADLINE_EXCEEDED, 'deadline exceeded'), limitMs);
  }

  #whole(): void {
    if (this.#isAnswered) return;
    const message = this.#frame.ended();
    this.#received();
    if (!(message instanceof Uint8Array)) {
      this.#end(message.code, message.message);
      return;
    }
    if (this.#timeoutMs === undefined) clearTimeout(this.#timer);
    else if (this.#timeoutMs > this.#options.receiveLimitMs)
      this.#endAfter(this.#timeoutMs - (performance.now() - this.#startedMs));
    this.#isHandling = true;
    if (this.#frame.isCompressed) void this.#inflate(message);
    else this.#handleInTurn(message);
  }

  async #inflate(message: Uint8Array): Promise<void> {
    const encoding = this.#encoding as MessageEncoding;
    const limits = { maxBytes: this.#method.maxMessageBytes, holding: this.#holding };
    const whole = await inflated(message, encoding, limits, this.#abort.signal);
    if (whole instanceof Uint8Array) {
      this.#handleInTurn(whole);
      return;
    }
    this.#end(whole.code, whole.message);
    this.#handled();
  }

  #handleInTurn(message: Uint8Array): void {
    const work = (): void => {
      if (this.#isAnswered) this.#handled();
      else void this.#handle(message);
    };
    if (this.#seat === undefined) work();
    else this.#seat.inTurn(work);
  }

  async #handle(message: Uint8Array): Promise<void> {
    const { handler, path } = this.#method;
    try {
      this.#messageBytes = message.length;
      const answer = await handler(message, {
        signal: this.#abort.signal,
        deadlineMs: this.#deadlineMs,
        peer: this.#seat?.peer ?? 'unknown:0',
        authority: this.#authority,
      });
      this.#answer(answer);
    } catch (error) {
      const { code, message: text, isOurFault } = statusOf(error);
      if (isOurFault) this.#options.onEvent({ kind: 'handler-failed', method: path, error });
      this.#end(code, text);
    } finally {
      this.#handled();
    }
  }

  #handled(): void {
    this.#isHandling = false;
    this.#frame.release();
    if (this.#stream.destroyed) this.#holding.release();
  }

  #answer(message: Uint8Array): void {
    // The request's bytes go with the frame; from here on it is the answer that is held until it was read.
    this.#frame.release();
    this.#holding.release();
    if (!this.#isAnswered && !this.#holding.reserve(message.length)) {
      this.#end(status.RESOURCE_EXHAUSTED, 'no memory for the answer: too many answers are not read');
      return;
    }
    if (!this.#finish(status.OK)) return;
    const stream = this.#stream;
    const isOver = this.#seat?.unread();
    if (isOver !== undefined)
      stream.once('close', () => isOver(stream.rstCode === 0 && stream.writableFinished));
    answeredStream(stream, message);
  }

  #end(code: status, message: string): void {
    if (!this.#finish(code)) return;
    refusedStream(this.#stream, { code, message });
  }

  /** True when the call can still be answered. */
  #finish(code: status): boolean {
    if (this.#isAnswered) return false;
    this.#isAnswered = true;
    clearTimeout(this.#timer);
    this.#received();
    this.#options.onEvent({
      kind: 'call-ended',
      method: this.#method.path,
      code,
      durationMs: performance.now() - this.#startedMs,
      requestBytes: this.#messageBytes ?? this.#frame.receivedBytes,
    });
    if (code !== status.OK) this.#giveUp();
    return !this.#stream.destroyed && !this.#stream.closed;
  }

  #closed(): void {
    this.#finish(status.CANCELLED);
    if (!this.#isHandling) this.#holding.release();
  }

  #giveUp(): void {
    this.#abort.abort();
    if (this.#isHandling) return;
    this.#frame.release();
    this.#holding.release();
  }
}
