import { status } from '@grpc/grpc-js';
import { createGunzip, createInflate } from 'node:zlib';
import type { Holding } from './bytes-in-flight.ts';
import type { CallStatus } from './statuses.ts';

export type MessageEncoding = 'gzip' | 'deflate';

export interface InflateLimits {
  readonly maxBytes: number;
  readonly holding: Holding;
}

/** Pods that repeat compress well, a message of zeros a thousand times: what is beyond this is made to fill memory. */
const mostRatio = 100;
/** Up to here the ratio is not judged. */
const judgedFromBytes = 1024 * 1024;
const pieceBytes = 64 * 1024;

/** One at a time: many small messages must not become many large ones side by side. */
let last: Promise<unknown> = Promise.resolve();

/**
 * A compressed message as it was; or the status to end the call with when it is not one, becomes larger than `maxBytes`, grows by
 * more than a hundred times, or finds no room. What it becomes is judged and counted while it grows.
 */
export function inflated(
  bytes: Uint8Array,
  encoding: MessageEncoding,
  limits: InflateLimits,
  signal: AbortSignal,
): Promise<Uint8Array | CallStatus> {
  const next = last.then(() => (signal.aborted ? gaveUp : inflatedAlone(bytes, encoding, limits, signal)));
  last = next.catch(() => undefined);
  return next;
}

const gaveUp: CallStatus = { code: status.CANCELLED, message: 'the call was given up' };

function inflatedAlone(
  bytes: Uint8Array,
  encoding: MessageEncoding,
  { maxBytes, holding }: InflateLimits,
  signal: AbortSignal,
): Promise<Uint8Array | CallStatus> {
  return new Promise((resolve) => {
    const stream =
      encoding === 'gzip'
        ? createGunzip({ chunkSize: pieceBytes })
        : createInflate({ chunkSize: pieceBytes });
    const pieces: Buffer[] = [];
    let size = 0;
    const end = (result: Uint8Array | CallStatus): void => {
      signal.removeEventListener('abort', giveUp);
      pieces.length = 0;
      stream.destroy();
      resolve(result);
    };
    const giveUp = (): void => end(gaveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    stream.on('data', (piece: Buffer) => {
      size += piece.length;
      const refusal = refusalOf(size, bytes.length, maxBytes);
      if (refusal !== undefined) end(refusal);
      // Twice: the pieces, and the whole that they become.
      else if (holding.reserve(2 * piece.length)) pieces.push(piece);
      else
        end({
          code: status.RESOURCE_EXHAUSTED,
          message: 'no memory for what the message decompresses to: too many large requests at once',
        });
    });
    stream.on('end', () => end(Buffer.concat(pieces, size)));
    stream.on('error', ({ message }) =>
      end({ code: status.INTERNAL, message: `the compressed message cannot be read: ${message}` }),
    );
    stream.end(bytes);
  });
}

function refusalOf(size: number, compressed: number, maxBytes: number): CallStatus | undefined {
  if (size > maxBytes)
    return {
      code: status.RESOURCE_EXHAUSTED,
      message: `received message that decompresses to a size larger than ${maxBytes}`,
    };
  if (size > judgedFromBytes && size > mostRatio * compressed)
    return {
      code: status.RESOURCE_EXHAUSTED,
      message: `received message that decompresses to more than ${mostRatio} times its size`,
    };
  return undefined;
}
