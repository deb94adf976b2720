/** Text is cut out of stretches of ASCII of up to this size, decoded at once: a cut costs a fiftieth of a decode. */
const longestStretch = 2_048;

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
 * Reads the many short texts of one buffer: label keys, zones, quantities. They lie close together and are nearly always ASCII.
 * What is not UTF-8 is read with replacement characters, as Kubernetes' own reader lets it pass.
 */
export class TextReader {
  readonly #bytes: Uint8Array;
  #stretch = '';
  #from = 0;
  #to = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  at(start: number, end: number): string {
    if (start < this.#from || end > this.#to) {
      if (!this.#startsStretch(start, end)) return lenient.decode(this.#bytes.subarray(start, end));
    }
    return this.#stretch.slice(start - this.#from, end - this.#from);
  }

  /** Decodes from `from` for as far as it is ASCII; false when that is not as far as `until`. */
  #startsStretch(from: number, until: number): boolean {
    const bytes = this.#bytes;
    const limit = Math.min(from + longestStretch, bytes.length);
    let to = from;
    while (to < limit && (bytes[to] ?? 0) < 0x80) to += 1;
    if (to < until) return false;
    this.#from = from;
    this.#to = to;
    this.#stretch = lenient.decode(bytes.subarray(from, to));
    return true;
  }
}
