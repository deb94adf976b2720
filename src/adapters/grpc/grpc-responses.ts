import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { encodedMessage, type CallStatus } from './statuses.ts';

export const responseHeaders: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};

/** What a client may still send to a call that has ended: as much as was on its way, and then its stream is closed. */
const lateBytes = 128 * 1024;
const lateMs = 5_000;

/** A message with its five-byte prefix. */
export function framedMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(5 + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

/** The one answer of a call, and its good end. */
export function answeredStream(stream: ServerHttp2Stream, message: Uint8Array): void {
  stream.respond(responseHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status.OK }));
  stream.end(framedMessage(message));
}

/** The end of a call that has no answer. */
export function refusedStream(stream: ServerHttp2Stream, { code, message }: CallStatus): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond(
    { ...responseHeaders, 'grpc-status': code, 'grpc-message': encodedMessage(message) },
    { endStream: true },
  );
  dropRest(stream);
}

/** What is still on its way is let through and dropped, so that the status arrives before anything is reset; but not without end. */
export function dropRest(stream: ServerHttp2Stream): void {
  let bytes = 0;
  const close = (): void => {
    if (!stream.destroyed && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lateBytes) close();
  });
  const timer = setTimeout(close, lateMs);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
  stream.resume();
}
