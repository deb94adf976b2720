const longestRemembered = 128;
const mostRemembered = 8_192;
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
  readonly #starts = new Int32Array(mostRemembered).fill(-1);
  readonly #lengths = new Int32Array(mostRemembered);
  readonly #texts = new Array<string>(mostRemembered).fill('');

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  at(start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > longestRemembered) return lenient.decode(this.#bytes.subarray(start, end));
    const hash = this.#hash(start, end);
    for (let probe = 0; probe < probes; probe += 1) {
      const slot = (hash + probe) % mostRemembered;
      const known = this.#starts[slot] ?? -1;
      if (known < 0) return this.#remembered(slot, start, end);
      if (this.#lengths[slot] === length && this.#same(known, start, length)) return this.#texts[slot] ?? '';
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
    this.#texts[slot] = text;
    return text;
  }
}
