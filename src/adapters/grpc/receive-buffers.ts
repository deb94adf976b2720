const mebibyte = 1024 * 1024;
/** Below this a fresh buffer costs nothing worth saving. */
const smallestKept = mebibyte;
const mostLent = 2;

/**
 * Memory that large requests are received into. Touching fresh pages costs more than decrypting the bytes that go into them
 * (a third of the time of an 85 MB request), so one buffer is kept for the next request and let go after `idleMs` without need.
 */
export class ReceiveBuffers {
  readonly #largestBytes: number;
  readonly #idleMs: number;
  #kept: Buffer | undefined;
  #lentBytes = 0;
  #letGo: NodeJS.Timeout | undefined;

  constructor(largestBytes: number, idleMs: number) {
    this.#largestBytes = largestBytes;
    this.#idleMs = idleMs;
  }

  /** Bytes held for the next request. */
  get keptBytes(): number {
    return this.#kept?.length ?? 0;
  }

  /**
   * A buffer of at least `length` bytes with undefined content.
   * @throws RangeError when there is no memory for it, or when what is lent would exceed two of the largest messages: a few more
   * clients than expected must not get the whole process killed
   */
  taken(length: number): Buffer {
    if (length < smallestKept) return Buffer.allocUnsafe(length);
    const buffer = this.#large(length);
    this.#lentBytes += buffer.length;
    return buffer;
  }

  #large(length: number): Buffer {
    if (this.#lentBytes + length > mostLent * this.#largestBytes) {
      throw new RangeError('too many large requests at once');
    }
    const kept = this.#kept;
    if (kept !== undefined && kept.length >= length) {
      this.#kept = undefined;
      return kept;
    }
    // A little room to grow, so that the next request of a slowly growing cluster fits; pages that stay untouched cost nothing.
    const capacity = Math.max(length, Math.min(roundedUp(length * 1.125), this.#largestBytes));
    // Two large buffers at once would break the bound on memory.
    this.#dropKept();
    return Buffer.allocUnsafeSlow(capacity);
  }

  /** Nothing may refer to `buffer` any more: the next request overwrites it. */
  returned(buffer: Buffer, usedBytes: number): void {
    if (buffer.length < smallestKept) return;
    this.#lentBytes -= buffer.length;
    if (buffer.length < this.keptBytes) {
      freed(buffer);
      return;
    }
    this.#dropKept();
    this.#kept = buffer;
    // Small requests do not keep a large buffer alive.
    if (usedBytes >= buffer.length / 4 || this.#letGo === undefined) this.#restartTimer();
  }

  close(): void {
    clearTimeout(this.#letGo);
    this.#letGo = undefined;
    this.#dropKept();
  }

  #dropKept(): void {
    if (this.#kept !== undefined) freed(this.#kept);
    this.#kept = undefined;
  }

  #restartTimer(): void {
    clearTimeout(this.#letGo);
    this.#letGo = setTimeout(() => this.close(), this.#idleMs);
    this.#letGo.unref();
  }
}

/**
 * Gives the memory back at once. Left to the garbage collector it stays for as long as V8 sees no need to collect: an idle server
 * would keep hundreds of megabytes for hours, and several large requests in parallel would leave one behind each.
 */
function freed(buffer: Buffer): void {
  if (buffer.buffer instanceof ArrayBuffer && !buffer.buffer.detached) buffer.buffer.transfer(0);
}

function roundedUp(bytes: number): number {
  return Math.ceil(bytes / mebibyte) * mebibyte;
}
