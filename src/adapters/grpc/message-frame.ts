import { status } from '@grpc/grpc-js';
import type { Holding } from './bytes-in-flight.ts';
import type { CallStatus } from './statuses.ts';
import type { ReceiveBuffers } from './receive-buffers.ts';

const prefixBytes = 5;

export interface FrameOptions {
  readonly maxMessageBytes: number;
  readonly buffers: ReceiveBuffers;
  readonly holding: Holding;
  /** The call names an encoding, so a message may be compressed. */
  readonly mayBeCompressed: boolean;
  /** The length of the message is known, and there is room for it; the status to end the call with where it may not come now. */
  readonly onLength: (bytes: number) => CallStatus | undefined;
}

/**
 * Puts the one length-prefixed message of a unary request together, straight into its place: the prefix says how long it will be,
 * so there is one buffer and one copy. `take` says when the message breaks a rule.
 */
export class MessageFrame {
  /** Bytes of the message that have arrived. */
  receivedBytes = 0;
  readonly #options: FrameOptions;
  readonly #prefix = new Uint8Array(prefixBytes);
  #prefixBytes = 0;
  #length = 0;
  #message: Buffer | undefined;
  /** True when `#message` came from the buffers and goes back there. */
  #isLent = false;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  get isCompressed(): boolean {
    return this.#prefix[0] === 1;
  }

  /** Adds what has arrived; the status to end the call with when the message cannot be accepted. */
  take(chunk: Buffer): CallStatus | undefined {
    let at = 0;
    if (this.#message === undefined) {
      while (this.#prefixBytes < prefixBytes && at < chunk.length) {
        this.#prefix[this.#prefixBytes] = chunk[at] ?? 0;
        this.#prefixBytes += 1;
        at += 1;
      }
      if (this.#prefixBytes < prefixBytes) return undefined;
      const refusal = this.#begin(chunk, at);
      if (refusal !== undefined) return refusal;
      if (!this.#isLent) at += this.receivedBytes;
    }
    if (this.receivedBytes + chunk.length - at > this.#length) {
      return { code: status.UNIMPLEMENTED, message: 'more than one request message for a unary method' };
    }
    this.#message?.set(at === 0 ? chunk : chunk.subarray(at), this.receivedBytes);
    this.receivedBytes += chunk.length - at;
    this.#options.holding.arrived(this.receivedBytes);
    return undefined;
  }

  /** The whole message, or the status to end the call with when it never arrived in full. */
  ended(): Uint8Array | CallStatus {
    if (this.#prefixBytes === 0) {
      return { code: status.UNIMPLEMENTED, message: 'no request message for a unary method' };
    }
    if (this.#message === undefined || this.receivedBytes < this.#length) {
      return { code: status.INTERNAL, message: 'the request message was cut off' };
    }
    this.#options.holding.settled();
    return this.#message.subarray(0, this.#length);
  }

  /** Gives the memory back; the message must not be read any more. */
  release(): void {
    if (this.#message !== undefined && this.#isLent) {
      this.#options.buffers.returned(this.#message, this.#length);
    }
    this.#message = undefined;
  }

  #begin(chunk: Buffer, at: number): CallStatus | undefined {
    const { maxMessageBytes, mayBeCompressed, holding, buffers, onLength } = this.#options;
    this.#length = new DataView(this.#prefix.buffer).getUint32(1);
    const flag = this.#prefix[0] ?? 0;
    if (flag > 1 || (flag === 1 && !mayBeCompressed)) {
      return { code: status.INTERNAL, message: 'a compressed message without a grpc-encoding header' };
    }
    if (this.#length > maxMessageBytes) {
      return {
        code: status.RESOURCE_EXHAUSTED,
        message: `received message larger than max (${this.#length} vs ${maxMessageBytes})`,
      };
    }
    if (!holding.announce(this.#length)) return noMemory(this.#length, 'too many large requests at once');
    const refusal = onLength(this.#length);
    if (refusal !== undefined) return refusal;
    if (chunk.length - at >= this.#length) {
      // A small message lies in one chunk: it stays where it is.
      this.#message = chunk.subarray(at, at + this.#length);
      this.receivedBytes = this.#length;
      return undefined;
    }
    try {
      this.#message = buffers.taken(this.#length);
      this.#isLent = true;
      return undefined;
    } catch (cause) {
      return noMemory(this.#length, cause instanceof Error ? cause.message : 'unknown');
    }
  }
}

function noMemory(bytes: number, why: string): CallStatus {
  return { code: status.RESOURCE_EXHAUSTED, message: `no memory for ${bytes} bytes: ${why}` };
}
