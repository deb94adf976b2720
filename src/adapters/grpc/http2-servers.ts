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

/** Widens the receive window of each new connection. `onSession` is told the window that is then in force. */
export function widenConnectionWindows(
  server: Http2SecureServer,
  windowBytes: number,
  onSession: (inForceBytes: number | undefined) => void,
): void {
  server.prependListener('session', (session: ServerHttp2Session) => {
    if (typeof session.setLocalWindowSize !== 'function') {
      onSession(undefined);
      return;
    }
    session.setLocalWindowSize(windowBytes);
    onSession(session.state.effectiveLocalWindowSize);
  });
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
