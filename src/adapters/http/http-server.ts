import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Admission } from '../../ports/admission.ts';
import type { Doorway, OpenDoorway, Seat } from '../../ports/doorway.ts';
import { Overloaded } from '../../errors/overloaded.ts';
import type { Log } from '../../telemetry/log.ts';
import { answerToFault, HttpFault } from './http-fault.ts';
import { jsonBody } from './json-body.ts';
import { routeTable, type RouteTable } from './route-table.ts';
import type { RouteGuard } from './route-guard.ts';
import { jsonAnswer, type HttpAnswer, type Route } from './route.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Who takes connections, and bounds them. */
  readonly doorway: Doorway<Socket>;
  readonly routes: readonly Route[];
  /** Who may ask; default: everyone. */
  readonly guard?: RouteGuard;
  /** How much may be asked, but for probes; default: anything. */
  readonly admission?: Admission;
  readonly log: Log;
  /** Called once for each answered request, with the route's path or `unmatched`. */
  readonly onAnswer?: (route: string, status: number) => void;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly maxBodyBytes: number;
  /** A caller that has not sent its headers by then is answered 408. */
  readonly headersTimeoutMs: number;
  /** The same for the whole request. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Takes no new request, lets open ones end for at most `graceMs`, then cuts them. */
  readonly close: (graceMs: number) => Promise<void>;
}

const defaultLimits: HttpLimits = {
  maxBodyBytes: 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 65_000,
};
/** More header fields than this are left out. */
const mostHeaders = 100;
const lookEveryMs = 10;
const tooMany = 429;

/**
 * Serves a table of routes over HTTP/1.1.
 * @throws the socket's error when the address cannot be taken.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const table = routeTable(options.routes);
  const stop = { closing: new AbortController(), cut: new AbortController() };
  const seats = new WeakMap<Socket, Seat>();
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    },
    (request, response) => {
      const seat = seats.get(request.socket);
      void respond(request, response, { ...options, limits, table, stop, seat });
    },
  );
  server.maxHeadersCount = mostHeaders;
  server.on('clientError', answerBrokenRequest);
  const door = await options.doorway.open(options, (socket, seat) => {
    seats.set(socket, seat);
    server.emit('connection', socket);
  });
  // It is the doorway that listens; the server begins to watch the times of its connections by this word.
  server.emit('listening');
  return { host: door.host, port: door.port, close: (graceMs) => closed(server, door, stop, graceMs) };
}

/** First no new request is taken, then what is still open is cut. */
interface Stop {
  readonly closing: AbortController;
  readonly cut: AbortController;
}

interface Serving extends HttpServerOptions {
  readonly limits: HttpLimits;
  readonly table: RouteTable;
  readonly stop: Stop;
  readonly seat: Seat | undefined;
}

async function respond(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const gone = new AbortController();
  const isOver = serving.seat?.busy();
  response.once('close', () => {
    gone.abort();
    isOver?.(response.writableFinished);
  });
  const path = pathOf(request);
  let answer: HttpAnswer;
  try {
    answer = await answered(request, path, serving, AbortSignal.any([gone.signal, serving.stop.cut.signal]));
  } catch (error) {
    if (gone.signal.aborted) return;
    const told = answerToFault(error);
    if (told === undefined) serving.log.error({ err: error, path }, 'an HTTP request met a fault of ours');
    answer =
      told ??
      jsonAnswer(500, { error: 'the server met a fault of its own; its log tells more', details: [] });
  }
  serving.onAnswer?.(serving.table.label(path ?? ''), answer.status);
  const isRead = serving.seat?.unread();
  response.once('close', () => isRead?.(response.writableFinished));
  // Who asks too much comes again through the door, where new connections have a pace.
  const isLast = answer.status === tooMany || serving.stop.closing.signal.aborted;
  send(request, response, answer, isLast);
}

function pathOf(request: IncomingMessage): string | undefined {
  const url = request.url ?? '/';
  return url.startsWith('/') ? url.split('?', 1)[0] : undefined;
}

async function answered(
  request: IncomingMessage,
  path: string | undefined,
  { table, limits, guard, admission, seat }: Serving,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  if (path === undefined) throw new HttpFault(400, 'the request target must be a path');
  const route = table.route(request.method ?? 'GET', path);
  // Before a byte of the body is read.
  guard?.(route.access, request.headers);
  const entry = route.access === 'probe' ? undefined : admission?.enter(seat?.client ?? 'unknown');
  if (entry?.isIn === false) throw new Overloaded(`${entry.why}; ask again in a second`, entry.retryAfterMs);
  try {
    const query = new URLSearchParams((request.url ?? '').slice(path.length + 1));
    const json = route.method === 'POST' ? await jsonBody(request, limits.maxBodyBytes) : undefined;
    return await route.answer({ path, query, json, client: seat?.client ?? 'unknown', signal });
  } finally {
    entry?.left();
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer, isLast: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...answer.headers,
    ...(isLast ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

const brokenRequests: Readonly<Record<string, readonly [status: string, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time'],
};

/** What never became a request is answered on the bare socket. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, sentence] = brokenRequests[error.code ?? ''] ?? ['400 Bad Request', 'this is not HTTP/1.1'];
  const body = `${JSON.stringify({ error: sentence, details: [] })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function closed(server: Server, door: OpenDoorway, stop: Stop, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  stop.closing.abort();
  door.close();
  const looking = setInterval(() => {
    server.closeIdleConnections();
    if (door.connections() === 0) resolve(undefined);
  }, lookEveryMs);
  const cut = setTimeout(() => {
    stop.cut.abort();
    server.closeAllConnections();
    door.closeConnections();
  }, graceMs);
  return promise.finally(() => {
    clearInterval(looking);
    clearTimeout(cut);
    // Ends the watch over connections; it says that it never listened, which is so.
    server.close(() => undefined);
  });
}
