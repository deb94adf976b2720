import type {
  Http2SecureServer,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { Server } from '@grpc/grpc-js';

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/**
 * The HTTP/2 servers under a bound gRPC server. The library keeps them in a private map; it offers no other way to the connection's
 * receive window, without which a large request waits a round trip for every 64 KiB. Empty when the map is not where it was.
 */
export function http2ServersOf(server: Server): readonly Http2SecureServer[] {
  const map: unknown = Reflect.get(server, 'http2Servers');
  if (!(map instanceof Map)) return [];
  return [...map.keys()].filter(isHttp2Server);
}

function isHttp2Server(value: unknown): value is Http2SecureServer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'listeners' in value &&
    typeof value.listeners === 'function' &&
    'prependListener' in value &&
    'removeListener' in value
  );
}

/** Calls `onSession` for each new connection, before the library sees it. */
export function eachSession(
  server: Http2SecureServer,
  onSession: (session: ServerHttp2Session) => void,
): void {
  server.prependListener('session', onSession);
}

/** Widens a connection's receive window; the window then in force, or undefined when it cannot be set. */
export function widenedWindow(session: ServerHttp2Session, windowBytes: number): number | undefined {
  if (typeof session.setLocalWindowSize !== 'function') return undefined;
  session.setLocalWindowSize(windowBytes);
  return session.state.effectiveLocalWindowSize;
}

/**
 * Lets `taken` have the streams it says yes to, and the library the others.
 * @returns false when the library does not listen as expected; nothing is then changed.
 */
export function divertStreams(
  server: Http2SecureServer,
  taken: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): boolean {
  const [library, ...others] = server.listeners('stream');
  if (library === undefined || others.length > 0) return false;
  const libraryListener = library as StreamListener;
  server.removeListener('stream', libraryListener);
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    if (!taken(stream, headers)) libraryListener(stream, headers);
  });
  return true;
}
