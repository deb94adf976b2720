import { Buffer } from 'node:buffer';

/** One row of a CSV file as byte positions: nothing is copied until somebody asks for text. */
export interface CsvRow {
  readonly bytes: Buffer;
  /** Where field `i` begins and ends in {@link bytes}, quotes left out; the first `count` entries hold. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

const quote = 0x22;
const newline = 0x0a;
const carriageReturn = 0x0d;
/** What stands between the fields of a row. */
export type Delimiter = ',' | ';' | '\t';

const maxFields = 512;
/** No row of a price list is this long; what is, is not text, and must not fill the memory. */
const maxRowBytes = 1 << 20;

/**
 * Cuts a stream of bytes into rows of fields. The row that `onRow` is given is overwritten by the next one.
 * Fields may stand in quotes; a quote within such a field is doubled. Lines end in LF or CRLF.
 */
export class CsvScanner {
  readonly #onRow: (row: CsvRow) => void;
  readonly #delimiter: number;
  readonly #row: { bytes: Buffer; starts: Int32Array; ends: Int32Array; count: number };
  #rest: Buffer = Buffer.alloc(0);
  #skipping = false;
  /** Lines too long to be rows. */
  overlong = 0;

  constructor(onRow: (row: CsvRow) => void, delimiter: Delimiter = ',') {
    this.#onRow = onRow;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#row = {
      bytes: this.#rest,
      starts: new Int32Array(maxFields),
      ends: new Int32Array(maxFields),
      count: 0,
    };
  }

  push(chunk: Uint8Array): void {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#skipping) {
      const end = bytes.indexOf(newline);
      if (end < 0) return;
      bytes = bytes.subarray(end + 1);
      this.#skipping = false;
    }
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    const last = bytes.lastIndexOf(newline);
    if (last >= 0) this.#scan(bytes, last + 1);
    const rest = bytes.subarray(last + 1);
    if (rest.length > maxRowBytes) {
      this.overlong += 1;
      this.#skipping = true;
      this.#rest = Buffer.alloc(0);
    } else this.#rest = Buffer.from(rest);
  }

  /** Scans what stands behind the last line end. */
  end(): void {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (rest.length > 0) this.#scan(Buffer.concat([rest, Buffer.of(newline)]), rest.length + 1);
  }

  #scan(bytes: Buffer, end: number): void {
    const row = this.#row;
    const delimiter = this.#delimiter;
    const { starts, ends } = row;
    row.bytes = bytes;
    let at = 0;
    while (at < end) {
      let field = 0;
      for (;;) {
        let byte = bytes[at];
        if (byte === quote) {
          at = this.#quoted(bytes, at, end, field);
        } else {
          starts[field] = at;
          while (byte !== delimiter && byte !== newline) byte = bytes[++at];
          ends[field] = bytes[at - 1] === carriageReturn && byte === newline ? at - 1 : at;
        }
        if (field < maxFields - 1) field += 1;
        if (bytes[at++] === newline) break;
      }
      row.count = field;
      const isBlank = field === 1 && starts[0] === ends[0];
      if (!isBlank) this.#onRow(row);
    }
  }

  /** Returns the position of the delimiter or line end behind the field. A line end within quotes ends the row: prices hold none. */
  #quoted(bytes: Buffer, openedAt: number, end: number, field: number): number {
    let at = openedAt + 1;
    while (at < end && bytes[at] !== newline && (bytes[at] !== quote || bytes[at + 1] === quote))
      at += bytes[at] === quote ? 2 : 1;
    this.#row.starts[field] = openedAt + 1;
    this.#row.ends[field] = at;
    while (bytes[at] !== this.#delimiter && bytes[at] !== newline) at += 1;
    return at;
  }
}

/** The text of a field; empty when the row has no such field. */
export function fieldText(row: CsvRow, field: number): string {
  if (field < 0 || field >= row.count) return '';
  return row.bytes.toString('latin1', row.starts[field], row.ends[field]).trim();
}
