import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { GrpcEvent } from '../../ports/grpc-events.ts';
import { grpcTimeoutMs } from './grpc-timeout.ts';
import { MessageFrame } from './message-frame.ts';
import type { ReceiveBuffers } from './receive-buffers.ts';
import type { ReceivedPieces } from './received-pieces.ts';
import { encodedMessage, statusOf } from './statuses.ts';

/** What a handler is told about its call. */
export interface UnaryCall {
  /** Aborts when the client gives up, its deadline passes or the connection breaks. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds; undefined when the client set no deadline. */
  readonly deadlineMs: number | undefined;
  /** `address:port` of the client. */
  readonly peer: string;
}

/** The answer as a marshalled message. `request` is only valid until the promise settles: its memory is used again. */
export type BytesHandler = (request: Uint8Array, call: UnaryCall) => Promise<Uint8Array>;

export interface UnaryStreamOptions {
  readonly method: string;
  readonly maxMessageBytes: number;
  readonly buffers: ReceiveBuffers;
  readonly pieces: ReceivedPieces;
  /** A client that stops in the middle of its message does not keep the message's memory for longer, whatever deadline it gave itself. */
  readonly receiveLimitMs: number;
  readonly handler: BytesHandler;
  readonly onEvent: (event: GrpcEvent) => void;
}

const responseHeaders: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};

/** True for calls that {@link serveUnaryStream} serves: plain gRPC. Compressed messages and odd content types are left to the library. */
export function isPlainGrpc(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['grpc-encoding'];
  return (
    headers[':method'] === 'POST' &&
    headers['content-type']?.startsWith('application/grpc') === true &&
    (encoding === undefined || encoding === 'identity')
  );
}

/** Serves one unary call on an HTTP/2 stream, with the statuses that the library would give. */
export function serveUnaryStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  options: UnaryStreamOptions,
): void {
  new UnaryStream(stream, headers, options).serve();
}

class UnaryStream {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #options: UnaryStreamOptions;
  readonly #frame: MessageFrame;
  readonly #abort = new AbortController();
  readonly #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #timeoutMs: number | undefined;
  #deadlineMs: number | undefined;
  #isAnswered = false;
  #isHandling = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, options: UnaryStreamOptions) {
    this.#stream = stream;
    this.#headers = headers;
    this.#options = options;
    this.#frame = new MessageFrame(options.maxMessageBytes, options.buffers);
  }

  serve(): void {
    const stream = this.#stream;
    // A reset or broken connection also closes the stream; that is where it is dealt with.
    stream.on('error', () => undefined);
    stream.on('close', () => this.#closed());
    if (!this.#startTimer()) return;
    stream.on('data', (chunk: Buffer) => {
      this.#options.pieces.received(chunk.length);
      if (this.#isAnswered) return;
      const refusal = this.#frame.take(chunk);
      if (refusal !== undefined) this.#end(refusal.code, refusal.message);
    });
    stream.on('end', () => this.#received());
  }

  #startTimer(): boolean {
    const header = this.#headers['grpc-timeout'];
    let limitMs = this.#options.receiveLimitMs;
    if (typeof header === 'string') {
      const timeoutMs = grpcTimeoutMs(header);
      if (timeoutMs === undefined) {
        this.#end(status.INTERNAL, `invalid grpc-timeout value "${header}"`);
        return false;
      }
      this.#timeoutMs = timeoutMs;
      this.#deadlineMs = Date.now() + timeoutMs;
      limitMs = Math.min(timeoutMs, limitMs);
    }
    this.#endAfter(limitMs);
    return true;
  }

  #endAfter(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(status.DEADLINE_EXCEEDED, 'deadline exceeded'), limitMs);
  }

  #received(): void {
    if (this.#isAnswered) return;
    const message = this.#frame.ended();
    if (!(message instanceof Uint8Array)) {
      this.#end(message.code, message.message);
      return;
    }
    if (this.#timeoutMs === undefined) clearTimeout(this.#timer);
    else if (this.#timeoutMs > this.#options.receiveLimitMs)
      this.#endAfter(this.#timeoutMs - (performance.now() - this.#startedMs));
    void this.#handle(message);
  }

  async #handle(message: Uint8Array): Promise<void> {
    const socket = this.#stream.session?.socket;
    this.#isHandling = true;
    try {
      const answer = await this.#options.handler(message, {
        signal: this.#abort.signal,
        deadlineMs: this.#deadlineMs,
        peer: `${socket?.remoteAddress ?? 'unknown'}:${socket?.remotePort ?? 0}`,
      });
      this.#answer(answer);
    } catch (error) {
      const { code, message: text, isOurFault } = statusOf(error);
      if (isOurFault) this.#options.onEvent({ kind: 'handler-failed', method: this.#options.method, error });
      this.#end(code, text);
    } finally {
      this.#isHandling = false;
      this.#frame.release();
    }
  }

  #answer(message: Uint8Array): void {
    if (!this.#finish(status.OK)) return;
    const stream = this.#stream;
    const framed = Buffer.allocUnsafe(5 + message.length);
    framed[0] = 0;
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, 5);
    stream.respond(responseHeaders, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status.OK }));
    stream.end(framed);
  }

  #end(code: status, message: string): void {
    if (!this.#finish(code)) return;
    this.#stream.respond(
      { ...responseHeaders, 'grpc-status': code, 'grpc-message': encodedMessage(message) },
      { endStream: true },
    );
    // What is still on its way is let through and dropped, so that the status arrives before anything is reset.
    this.#stream.resume();
  }

  /** True when the call can still be answered. */
  #finish(code: status): boolean {
    if (this.#isAnswered) return false;
    this.#isAnswered = true;
    clearTimeout(this.#timer);
    const { method, onEvent } = this.#options;
    const requestBytes = this.#frame.receivedBytes;
    onEvent({
      kind: 'call-ended',
      method,
      code,
      durationMs: performance.now() - this.#startedMs,
      requestBytes,
    });
    if (code !== status.OK) this.#giveUp();
    return !this.#stream.destroyed && !this.#stream.closed;
  }

  #closed(): void {
    this.#finish(status.CANCELLED);
  }

  #giveUp(): void {
    this.#abort.abort();
    if (!this.#isHandling) this.#frame.release();
  }
}
