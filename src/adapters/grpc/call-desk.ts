import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import type { Seat } from '../../ports/doorway.ts';
import type { BytesInFlight } from './bytes-in-flight.ts';
import { ClientCounts } from './client-counts.ts';
import type { GrpcEvent } from '../../ports/grpc-events.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { dropRest, refusedStream } from './grpc-responses.ts';
import type { OpenCalls } from './open-calls.ts';
import { bestOptionsMethod } from './services.ts';
import { serveMessageStream } from './served-message-stream.ts';
import type { CallStatus } from './statuses.ts';
import { serveUnaryStream, type UnaryStreamOptions } from './unary-stream.ts';

/** How many calls may be open, beside what they hold: of everybody, and of one client that has not read an answer yet. */
const mostCalls = 2_048;
const mostCallsOfOneStranger = 64;
/** Everything but BestOptions: people and their scripts. */
const mostQuestions = 64;
const mostQuestionsOfOneClient = 16;
/** What an open call costs beside its bytes. */
const callBytes = 8 * 1024;
/** The platform only asks clients to keep to it. */
const mostHeaderBytes = 16 * 1024;

export interface CallDeskOptions {
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  readonly openCalls: OpenCalls;
  readonly inFlight: BytesInFlight;
  readonly unary: UnaryStreamOptions;
  /** Whether callers of named methods are asked who they are. */
  readonly checksClients: boolean;
  /** Whether this is the token that names a caller; always false where none is configured. */
  readonly isToken: (text: string) => boolean;
  readonly seatOf: (session: Http2Session | undefined) => Seat | undefined;
  readonly onEvent: (event: GrpcEvent) => void;
}

/** Takes every stream, and decides by its headers alone whether a byte of its message is read. */
export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #questions = new ClientCounts();
  readonly #callsOf = new ClientCounts();
  #calls = 0;
  #open = 0;

  constructor(options: CallDeskOptions) {
    this.#options = options;
  }

  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined);
    if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
      stream.respond({ ':status': 415 }, { endStream: true });
      dropRest(stream);
      return;
    }
    const path = headers[':path'] ?? '';
    const method = this.#options.methods.get(path);
    if (method === undefined) {
      refusedStream(stream, {
        code: status.UNIMPLEMENTED,
        message: `the server does not implement the method ${path.slice(0, 200)}`,
      });
      return;
    }
    const seat = this.#options.seatOf(stream.session);
    const refusal = this.#refusal(stream, headers, method, seat);
    if (refusal !== undefined) {
      refusedStream(stream, refusal);
      this.#options.onEvent({
        kind: 'call-ended',
        method: method.path,
        code: refusal.code,
        durationMs: 0,
        requestBytes: 0,
      });
      return;
    }
    this.#opened(stream, headers, method, seat);
    this.#serve(stream, headers, method, seat);
  }

  /** What the call costs beside its message, until it is over; false where there is no room for it. */
  #isHeld(stream: ServerHttp2Stream, bytes: number): boolean {
    const holding = this.#options.inFlight.held(() => undefined);
    if (!holding.reserve(callBytes + bytes)) return false;
    stream.once('close', () => holding.release());
    return true;
  }

  #serve(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: GrpcMethod,
    seat: Seat | undefined,
  ): void {
    if (method.kind === 'stream') {
      serveMessageStream(stream, method, this.#options.inFlight);
      return;
    }
    serveUnaryStream({ stream, headers, method, seat }, this.#options.unary);
  }

  #refusal(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: GrpcMethod,
    seat: Seat | undefined,
  ): CallStatus | undefined {
    if (method.access === 'named' && this.#options.checksClients && !this.#isNamed(stream, headers))
      return noName;
    const bytes = headerBytes(headers);
    if (bytes > mostHeaderBytes)
      return { code: status.RESOURCE_EXHAUSTED, message: `headers larger than ${mostHeaderBytes} bytes` };
    const client = seat?.client ?? '';
    const own = this.#questions.of(client);
    const isQuestion = method.path !== bestOptionsMethod;
    if (isQuestion && (own >= mostQuestionsOfOneClient || this.#open >= mostQuestions))
      return tooMany('questions');
    const isOneTooMany = seat?.isKnown() !== true && this.#callsOf.of(client) >= mostCallsOfOneStranger;
    if (isOneTooMany || this.#calls >= mostCalls || !this.#isHeld(stream, bytes)) return tooMany('calls');
    return undefined;
  }

  #isNamed(stream: ServerHttp2Stream, { authorization }: IncomingHttpHeaders): boolean {
    // The socket of a session is a view of the TLS socket that reads all of its properties.
    const socket: unknown = stream.session?.socket;
    if (socket instanceof TLSSocket && socket.authorized) return true;
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    return token !== undefined && this.#options.isToken(token);
  }

  #opened(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { path }: GrpcMethod,
    seat: Seat | undefined,
  ): void {
    this.#options.openCalls.opened(stream, headers);
    this.#calls += 1;
    const isOver = seat?.busy();
    const client = seat?.client ?? '';
    this.#callsOf.opened(client);
    const isQuestion = path !== bestOptionsMethod;
    if (isQuestion) {
      this.#open += 1;
      this.#questions.opened(client);
    }
    stream.once('close', () => {
      this.#calls -= 1;
      this.#callsOf.closed(client);
      isOver?.(stream.rstCode === 0 && stream.headersSent);
      if (!isQuestion) return;
      this.#open -= 1;
      this.#questions.closed(client);
    });
  }
}

const noName: CallStatus = {
  code: status.UNAUTHENTICATED,
  message: 'this service wants a client certificate of the configured roots, or the token',
};

function headerBytes(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  for (const name in headers) bytes += name.length + String(headers[name]).length;
  return bytes;
}

function tooMany(what: string): CallStatus {
  return { code: status.RESOURCE_EXHAUSTED, message: `too many ${what} are open; try again in a second` };
}
