import type { ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { BytesInFlight } from './bytes-in-flight.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { framedMessage, refusedStream, responseHeaders } from './grpc-responses.ts';
import { encodedMessage, type CallStatus } from './statuses.ts';

const prefixBytes = 5;
/** A client asks its questions and goes; one that sends more than this on one stream wants something else. */
const mostReceivedBytes = 256 * 1024;
/** Answers that nobody reads. */
const mostUnreadBytes = 512 * 1024;

type StreamMethod = Extract<GrpcMethod, { kind: 'stream' }>;

/** Serves a call of many small messages, health watches and reflection, on an HTTP/2 stream. Compressed ones are not taken. */
export function serveMessageStream(
  stream: ServerHttp2Stream,
  method: StreamMethod,
  inFlight: BytesInFlight,
): void {
  const holding = inFlight.held(() => undefined);
  stream.on('error', () => undefined);
  stream.once('close', () => holding.release());
  if (!holding.reserve(method.maxMessageBytes)) {
    refusedStream(stream, { code: status.RESOURCE_EXHAUSTED, message: 'too many calls at once' });
    return;
  }
  let isEnded = false;
  let received = 0;
  let rest = Buffer.alloc(0);
  const messages: ((message: Buffer) => void)[] = [];
  const ends: (() => void)[] = [];

  const end = ({ code, message }: CallStatus): void => {
    if (isEnded || stream.destroyed) return;
    isEnded = true;
    if (!stream.headersSent) {
      refusedStream(stream, { code, message });
      return;
    }
    stream.once('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': code, 'grpc-message': encodedMessage(message) }),
    );
    stream.end();
  };
  const write = (message: Uint8Array): void => {
    if (isEnded || stream.destroyed) return;
    if (!stream.headersSent) stream.respond(responseHeaders, { waitForTrailers: true });
    if (stream.writableLength > mostUnreadBytes) {
      isEnded = true;
      stream.destroy();
      return;
    }
    stream.write(framedMessage(message));
  };
  /** Gives out every whole message; the status to end with when one breaks a rule. */
  const given = (): CallStatus | undefined => {
    while (rest.length >= prefixBytes && !isEnded) {
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0)
        return { code: status.UNIMPLEMENTED, message: 'this method takes no compressed messages' };
      if (length > method.maxMessageBytes)
        return {
          code: status.RESOURCE_EXHAUSTED,
          message: `received message larger than max (${length} vs ${method.maxMessageBytes})`,
        };
      if (rest.length < prefixBytes + length) return undefined;
      const message = rest.subarray(prefixBytes, prefixBytes + length);
      rest = rest.subarray(prefixBytes + length);
      for (const listener of messages) listener(message);
    }
    return undefined;
  };

  stream.on('data', (chunk: Buffer) => {
    if (isEnded) return;
    received += chunk.length;
    if (received > mostReceivedBytes) {
      end({ code: status.RESOURCE_EXHAUSTED, message: `more than ${mostReceivedBytes} bytes on one stream` });
      return;
    }
    // A copy: a piece of a large chunk would keep the whole of it.
    rest = Buffer.concat([rest, chunk]);
    try {
      const broken = given();
      if (broken !== undefined) end(broken);
    } catch {
      end({ code: status.INTERNAL, message: 'the message cannot be read' });
    }
  });
  stream.on('end', () => {
    for (const listener of ends) listener();
  });
  method.served({
    onMessage: (listener) => messages.push(listener),
    onEnd: (listener) => ends.push(listener),
    onClose: (listener) => stream.once('close', listener),
    write,
    end: () => end({ code: status.OK, message: '' }),
  });
}
