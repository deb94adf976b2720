const longestRemembered = 128;
/** Slots of the table: a power of two, in proportion to the bytes, so that a small request does not pay for a large table. */
const fewestSlots = 64;
const mostSlots = 8_192;
const bytesPerSlot = 64;
const probes = 4;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of `bytes`, or undefined when it is not UTF-8. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return strict.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/**
 * Decodes text out of one buffer. Label keys, zones and quantities repeat from node to node and pod to pod,
 * so short texts are remembered by their bytes: a repeat costs a comparison instead of a decode.
 * What is not UTF-8 is read with replacement characters, as Kubernetes' own reader lets it pass.
 */
export class KnownText {
  readonly #bytes: Uint8Array;
  readonly #mask: number;
  /** Length of the text remembered in a slot, 0 for none: the empty text is never remembered. */
  readonly #lengths: Int32Array;
  readonly #starts: Int32Array;
  readonly #indices: Int32Array;
  readonly #texts: string[] = [];

  constructor(bytes: Uint8Array) {
    let slots = fewestSlots;
    while (slots < mostSlots && slots * bytesPerSlot < bytes.length) slots *= 2;
    this.#bytes = bytes;
    this.#mask = slots - 1;
    this.#lengths = new Int32Array(slots);
    this.#starts = new Int32Array(slots);
    this.#indices = new Int32Array(slots);
  }

  at(start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > longestRemembered) return lenient.decode(this.#bytes.subarray(start, end));
    const hash = this.#hash(start, end);
    for (let probe = 0; probe < probes; probe += 1) {
      const slot = (hash + probe) & this.#mask;
      const known = this.#lengths[slot];
      if (known === 0) return this.#remembered(slot, start, end);
      if (known === length && this.#same(this.#starts[slot] ?? 0, start, length)) {
        return this.#texts[this.#indices[slot] ?? 0] ?? '';
      }
    }
    return lenient.decode(this.#bytes.subarray(start, end));
  }

  #hash(start: number, end: number): number {
    let hash = 0x811c_9dc5;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (this.#bytes[at] ?? 0), 0x0100_0193);
    return hash >>> 0;
  }

  #same(first: number, second: number, length: number): boolean {
    for (let at = 0; at < length; at += 1) {
      if (this.#bytes[first + at] !== this.#bytes[second + at]) return false;
    }
    return true;
  }

  #remembered(slot: number, start: number, end: number): string {
    const text = lenient.decode(this.#bytes.subarray(start, end));
    this.#starts[slot] = start;
    this.#lengths[slot] = end - start;
    this.#indices[slot] = this.#texts.length;
    this.#texts.push(text);
    return text;
  }
}
