import { randomBytes } from 'node:crypto';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Everything below speaks to these, and none of it as a client should. */
export interface Target {
  readonly port: number;
  readonly httpPort: number;
  readonly rootPem: string;
}

const host = '127.0.0.1';
const bestOptions = '/grpcplugin.Expander/BestOptions';
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const handshakeStart = Buffer.from('160301020001', 'hex');

function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.on('error', () => resolve(socket));
    socket.resume();
  });
}

function tlsTo({ port, rootPem }: Target): Promise<TLSSocket> {
  return new Promise((resolve) => {
    const socket = connectTls(
      { port, host, servername: 'localhost', ca: rootPem, ALPNProtocols: ['h2'] },
      () => resolve(socket),
    );
    socket.on('error', () => resolve(socket));
    socket.resume();
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Random bytes, HTTP/1.1 and torn TLS records on both ports; each connection is closed by whoever likes. */
export async function rawBytes(target: Target, connections: number): Promise<void> {
  const texts = [
    () => randomBytes(512),
    () => Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
    () => Buffer.concat([handshakeStart, randomBytes(200)]),
    () => preface,
  ];
  for (let done = 0; done < connections; done += 20)
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const socket = await socketTo(index % 4 === 0 ? target.httpPort : target.port);
        socket.write(texts[(done + index) % texts.length]?.() ?? '');
        await Promise.race([closed(socket), sleep(200)]);
        socket.destroy();
      }),
    );
}

/** Connections that begin a TLS handshake and then say nothing, until `close`. */
export async function halfOpenTls(
  target: Target,
  connections: number,
): Promise<{ readonly close: () => void }> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = await socketTo(target.port);
      socket.write(handshakeStart);
      return socket;
    }),
  );
  return { close: () => sockets.forEach((socket) => socket.destroy()) };
}

/** Requests that come a byte at a time, over TLS and over plain HTTP, until `close`. */
export async function slowLoris(
  target: Target,
  connections: number,
): Promise<{ readonly close: () => void }> {
  const tls = await Promise.all(Array.from({ length: connections }, () => tlsTo(target)));
  const plain = await Promise.all(Array.from({ length: connections }, () => socketTo(target.httpPort)));
  const settings = Buffer.concat([preface, Buffer.from('000000040000000000', 'hex')]);
  const headers = Buffer.from('GET /metrics HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
  let at = 0;
  const timer = setInterval(() => {
    for (const socket of tls)
      if (!socket.destroyed)
        socket.write(settings.subarray(at % settings.length, (at % settings.length) + 1));
    for (const socket of plain)
      if (!socket.destroyed) socket.write(at < headers.length ? headers.subarray(at, at + 1) : 'x');
    at += 1;
  }, 100);
  return {
    close: () => {
      clearInterval(timer);
      for (const socket of [...tls, ...plain]) socket.destroy();
    },
  };
}

function sessionTo({ port, rootPem }: Target): ClientHttp2Session {
  const session = connectHttp2(`https://localhost:${port}`, { ca: rootPem });
  session.on('error', () => undefined);
  return session;
}

function requestHeaders(more: Readonly<Record<string, string>> = {}) {
  return {
    ':method': 'POST',
    ':path': bestOptions,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
}

/** Streams that are opened and reset at once; a new connection whenever the server has had enough of the old one. */
export async function rapidReset(target: Target, streams: number): Promise<void> {
  let session = sessionTo(target);
  for (let opened = 0; opened < streams; opened += 1) {
    if (session.destroyed || session.closed) session = sessionTo(target);
    try {
      const stream = session.request(requestHeaders());
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    } catch {
      session.destroy();
    }
    if (opened % 100 === 99) await sleep(5);
  }
  session.destroy();
}

/** Headers far beyond what anybody needs, in HTTP/2 and in HTTP/1.1. */
export async function giantHeaders(target: Target, requests: number): Promise<void> {
  for (let sent = 0; sent < requests; sent += 1) {
    const session = sessionTo(target);
    await new Promise<void>((resolve) => {
      try {
        const stream = session.request(requestHeaders({ 'x-giant': 'x'.repeat(60_000) }));
        stream.on('error', () => resolve());
        stream.on('close', () => resolve());
        stream.resume();
        stream.end();
      } catch {
        resolve();
      }
      session.on('close', () => resolve());
      setTimeout(resolve, 1_000);
    });
    session.destroy();
    const plain = await socketTo(target.httpPort);
    plain.write(`GET /metrics HTTP/1.1\r\nhost: localhost\r\nx-giant: ${'x'.repeat(1_000_000)}`);
    await Promise.race([closed(plain), sleep(500)]);
    plain.destroy();
  }
}

/** Messages that announce 200 MB and never come, with a deadline of years, until `close`. */
export function stuckMessages(target: Target, streams: number): { readonly close: () => void } {
  const sessions = Array.from({ length: streams }, () => {
    const session = sessionTo(target);
    const stream = session.request(requestHeaders({ 'grpc-timeout': '99999999H' }));
    stream.on('error', () => undefined);
    stream.resume();
    const frame = Buffer.alloc(5 + 64);
    frame.writeUInt32BE(200_000_000, 1);
    stream.write(frame);
    return session;
  });
  return { close: () => sessions.forEach((session) => session.destroy()) };
}
