import { Buffer } from 'node:buffer';
import type { CsvRow } from '../../formats/csv-scanner.ts';

/** Made for files that name some ten thousand pools; a file with more names than this holds other things than pools. */
const mostEntries = 1 << 16;

interface Entry<Value> {
  readonly hash: number;
  /** The fields' bytes, one after the other, and how long each is. */
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  readonly value: Value;
}

/** What rows with the same bytes in the same fields led to: names are read as text once, not once a row. */
export class RowNames<Value> {
  readonly #fields: readonly number[];
  readonly #read: (row: CsvRow) => Value;
  /** Positions in the entries, from 1; 0 is free. At least twice as long as there are entries. */
  #slots = new Int32Array(1 << 10);
  readonly #entries: Entry<Value>[] = [];
  #last: Entry<Value> | undefined;

  /**
   * @param fields positions in a row; −1 for a field that the file does not have, which counts as empty.
   * @param read what a row's names lead to; asked when they are new.
   */
  constructor(fields: readonly number[], read: (row: CsvRow) => Value) {
    this.#fields = fields;
    this.#read = read;
  }

  valueOf(row: CsvRow): Value {
    const fields = this.#fields;
    // Rows of one pool often follow one another.
    if (this.#last !== undefined && isEntry(row, fields, this.#last)) return this.#last.value;
    const hash = hashOf(row, fields);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = this.#entries[(this.#slots[slot] ?? 0) - 1];
      if (entry === undefined) break;
      if (entry.hash === hash && isEntry(row, fields, entry)) {
        this.#last = entry;
        return entry.value;
      }
      slot = (slot + 1) & mask;
    }
    const entry = entryOf(row, fields, hash, this.#read(row));
    this.#last = entry;
    if (this.#entries.length < mostEntries) {
      this.#slots[slot] = this.#entries.push(entry);
      if (this.#entries.length * 2 > this.#slots.length) this.#grow();
    }
    return entry.value;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (const [index, { hash }] of this.#entries.entries()) {
      let slot = hash & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

function entryOf<Value>(row: CsvRow, fields: readonly number[], hash: number, value: Value): Entry<Value> {
  const parts = fields.map((field) => row.bytes.subarray(startOf(row, field), endOf(row, field)));
  return { hash, bytes: Buffer.concat(parts), lengths: parts.map(({ length }) => length), value };
}

function isEntry(row: CsvRow, fields: readonly number[], entry: Entry<unknown>): boolean {
  const { bytes } = row;
  const { bytes: known, lengths } = entry;
  let at = 0;
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] ?? -1;
    const end = endOf(row, field);
    let byte = startOf(row, field);
    if (end - byte !== lengths[index]) return false;
    while (byte < end) if (bytes[byte++] !== known[at++]) return false;
  }
  return true;
}

/** FNV-1a; a comma between fields. */
function hashOf(row: CsvRow, fields: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const field of fields) {
    const end = endOf(row, field);
    for (let at = startOf(row, field); at < end; at += 1)
      hash = Math.imul(hash ^ (row.bytes[at] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ 0x2c, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function startOf(row: CsvRow, field: number): number {
  return field >= 0 && field < row.count ? (row.starts[field] ?? 0) : 0;
}

function endOf(row: CsvRow, field: number): number {
  return field >= 0 && field < row.count ? (row.ends[field] ?? 0) : 0;
}
