/** What of a JSON value is kept: a scalar, some fields of an object, or the same of each element of an array. */
export type Kept = 'scalar' | { readonly fields: Readonly<Record<string, Kept>> } | { readonly each: Kept };

export interface JsonSkimmer {
  /** @throws Error when the bytes cannot be JSON. */
  push(chunk: Buffer): void;
  /** The fields of the root that are kept. @throws Error when the document has not ended. */
  end(): unknown;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** No name, uid, time or number of an API object is as long; what is longer was put there to be kept. */
const longestScalarBytes = 2_048;
const mostElements = 64;

/** What needs no look: anything without braces, whole strings, and objects with nothing nested in them. */
const plain = String.raw`[^"{}[\]]|"(?:[^"\\]|\\[^])*"`;
const flat = new RegExp(String.raw`(?:${plain}|\{(?:${plain})*\})+`, 'y');

interface Frame {
  readonly isObject: boolean;
  readonly fields: ReadonlyMap<string, Kept>;
  readonly each: Kept | undefined;
  readonly isItems: boolean;
  expects: 'key' | 'colon' | 'value' | 'comma';
  key: string;
  emitted: number;
}

type Reading = 'structure' | 'string' | 'scalar' | 'skipped';

/**
 * Reads a list of API objects as its bytes come and keeps what is asked for; everything else, however large,
 * is passed over without being held. Each element of the root's `items` is handed on as soon as it has ended. Memory does not grow with the answer:
 * kept scalars have a longest length (a longer one reads as an empty string), kept arrays a largest number of elements.
 */
export function jsonSkimmer(root: Kept, onItem: (item: unknown) => void): JsonSkimmer {
  const frames: Frame[] = [];
  let rootText = '';
  let itemText = '';
  let isInItem = false;
  let reading: Reading = 'structure';
  /** Whether the string or scalar that is read goes to the output, names a field, or is passed over. */
  let use: 'keep' | 'key' | 'pass' = 'pass';
  let depth = 0;
  let isEscaped = false;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let hasBegun = false;
  /** The chunk that is read, a character a byte. */
  let latin1: string | undefined;

  function emit(text: string): void {
    if (isInItem) itemText += text;
    else rootText += text;
  }

  function hold(bytes: Buffer): void {
    if (use === 'pass') return;
    heldBytes += bytes.length;
    // Copied: a slice would keep the whole chunk alive.
    if (heldBytes <= longestScalarBytes) held.push(Buffer.from(bytes));
  }

  function heldText(): string | undefined {
    const text = heldBytes <= longestScalarBytes ? Buffer.concat(held).toString('utf8') : undefined;
    held = [];
    heldBytes = 0;
    return text;
  }

  /** The place of a kept value in what surrounds it. */
  function place(frame: Frame | undefined): void {
    if (frame === undefined) return;
    const separator = frame.emitted === 0 ? '' : ',';
    frame.emitted += 1;
    emit(frame.isObject ? `${separator}${JSON.stringify(frame.key)}:` : separator);
  }

  function keptBy(frame: Frame): Kept | undefined {
    if (frame.isObject) return frame.fields.get(frame.key);
    return frame.emitted < mostElements || frame.isItems ? frame.each : undefined;
  }

  function begin(byte: number, wanted: Kept | undefined, frame: Frame | undefined): void {
    if (frame !== undefined) frame.expects = 'comma';
    const isContainer = byte === openBrace || byte === openBracket;
    const fits =
      wanted !== undefined &&
      (wanted === 'scalar' ? !isContainer : 'fields' in wanted ? byte === openBrace : byte === openBracket);
    if (fits && wanted !== 'scalar') {
      if (frame?.isItems === true) isInItem = true;
      else place(frame);
      frames.push(frameOf(wanted, frames.length === 1 && frame?.key === 'items'));
      emit(byte === openBrace ? '{' : '[');
      return;
    }
    use = fits && frame?.isItems !== true ? 'keep' : 'pass';
    if (use === 'keep') place(frame);
    if (byte === quote) reading = 'string';
    else if (isContainer) [reading, depth] = ['skipped', 1];
    else reading = 'scalar';
  }

  function close(frame: Frame): void {
    frames.pop();
    emit(frame.isObject ? '}' : ']');
    if (isInItem && frames.length === 2) {
      const text = itemText;
      itemText = '';
      isInItem = false;
      onItem(JSON.parse(text));
    }
  }

  /** @returns false for the first byte of a scalar, which belongs to it. */
  function structure(byte: number): boolean {
    const frame = frames.at(-1);
    if (frame === undefined) {
      if (hasBegun) throw new Error('bytes follow the end of the JSON document');
      hasBegun = true;
      if (byte !== openBrace) throw new Error('the answer is no JSON object');
      begin(byte, root, undefined);
      return true;
    }
    if (byte === comma && frame.expects === 'comma') frame.expects = frame.isObject ? 'key' : 'value';
    else if (byte === (frame.isObject ? closeBrace : closeBracket) && frame.expects !== 'colon') close(frame);
    else if (frame.expects === 'key' && byte === quote) [reading, use] = ['string', 'key'];
    else if (frame.expects === 'colon' && byte === colon) frame.expects = 'value';
    else if (frame.expects === 'value' && startsValue(byte)) begin(byte, keptBy(frame), frame);
    else throw new Error(`the answer is no JSON: unexpected ${JSON.stringify(String.fromCharCode(byte))}`);
    return reading !== 'scalar';
  }

  /** @returns where the string goes on or has ended; natively fast over what is long. */
  function string(chunk: Buffer, from: number): number {
    let at = from;
    if (isEscaped) {
      isEscaped = false;
      at += 1;
    }
    for (;;) {
      const end = indexIn(chunk, quote, at);
      const stop = end < 0 ? chunk.length : end;
      let slashes = 0;
      while (stop - 1 - slashes >= at && chunk[stop - 1 - slashes] === backslash) slashes += 1;
      const isOdd = slashes % 2 === 1;
      if (end < 0) {
        isEscaped = isOdd;
        hold(chunk.subarray(from));
        return chunk.length;
      }
      if (!isOdd) {
        hold(chunk.subarray(from, end));
        stringEnds();
        return end + 1;
      }
      at = end + 1;
    }
  }

  function stringEnds(): void {
    reading = depth > 0 ? 'skipped' : 'structure';
    if (use === 'pass') return;
    const text = heldText();
    const frame = frames.at(-1);
    if (use === 'keep') emit(text === undefined ? '""' : `"${text}"`);
    else if (frame !== undefined) {
      frame.key = text === undefined ? '' : text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
      frame.expects = 'colon';
    }
  }

  function scalar(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && !endsScalar(chunk[at] ?? 0)) at += 1;
    hold(chunk.subarray(from, at));
    if (at < chunk.length) scalarEnds();
    return at;
  }

  function scalarEnds(): void {
    reading = 'structure';
    if (use === 'keep') emit(heldText() ?? 'null');
  }

  /** The bulk of what a large object is made of: whole strings and flat objects are passed over natively. */
  function skipped(chunk: Buffer, from: number): number {
    const text = (latin1 ??= chunk.toString('latin1'));
    for (let at = from; at < chunk.length; at += 1) {
      flat.lastIndex = at;
      if (flat.test(text)) at = flat.lastIndex;
      const byte = chunk[at];
      if (byte === quote) {
        // It goes on in the next chunk.
        [reading, use] = ['string', 'pass'];
        return at + 1;
      }
      if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth === 0) {
          reading = 'structure';
          return at + 1;
        }
      }
    }
    return chunk.length;
  }

  return {
    push(chunk) {
      latin1 = undefined;
      let at = 0;
      while (at < chunk.length) {
        switch (reading) {
          case 'string':
            at = string(chunk, at);
            break;
          case 'skipped':
            at = skipped(chunk, at);
            break;
          case 'scalar':
            at = scalar(chunk, at);
            break;
          case 'structure': {
            const byte = chunk[at] ?? 0;
            if (isSpace(byte) || structure(byte)) at += 1;
          }
        }
      }
    },
    end() {
      if (!hasBegun || frames.length > 0 || reading !== 'structure')
        throw new Error('the answer ends in the middle');
      return JSON.parse(rootText) as unknown;
    },
  };
}

function frameOf(wanted: Exclude<Kept, 'scalar'>, isItems: boolean): Frame {
  const isObject = 'fields' in wanted;
  return {
    isObject,
    fields: new Map(isObject ? Object.entries(wanted.fields) : []),
    each: isObject ? undefined : wanted.each,
    isItems,
    expects: isObject ? 'key' : 'value',
    key: '',
    emitted: 0,
  };
}

/** Buffer's own search costs several times as much a call. */
function indexIn(chunk: Buffer, byte: number, from: number): number {
  return Uint8Array.prototype.indexOf.call(chunk, byte, from);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endsScalar(byte: number): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket || isSpace(byte);
}

/** A container, a string, a number, or the first letter of true, false and null. */
function startsValue(byte: number): boolean {
  return (
    byte === quote ||
    byte === openBrace ||
    byte === openBracket ||
    byte === 0x2d ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x74 ||
    byte === 0x66 ||
    byte === 0x6e
  );
}
