const maxVarintBytes = 10;
const maxGroupDepth = 64;
const maxFieldNumber = 0x1fff_ffff;

/** The four wire types that carry a value; groups are skipped whole. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Walks the fields of one protobuf message inside a larger buffer, without copying and without exceptions:
 * bytes that are no message end the walk with `broken` set, so that a hostile request costs no stack traces.
 *
 * After `next()` returned true, `field` and `type` name the field; a `bytes` field lies at `start`..`end`,
 * a varint is in `value` (exact below 2^53) and, as the 32-bit integer that proto calls int32, in `int32`.
 */
export class FieldCursor {
  readonly bytes: Uint8Array;
  field = 0;
  type = 0;
  /** Where the field's tag begins. */
  tagAt = 0;
  start = 0;
  end = 0;
  value = 0;
  int32 = 0;
  broken = false;
  #at = 0;
  #limit = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.enter(start, end);
  }

  /** Starts anew over another message of the same buffer, so that one cursor serves a hundred thousand of them. */
  enter(start: number, end: number): void {
    this.#at = start;
    this.#limit = end;
    this.broken = false;
  }

  next(): boolean {
    return this.#shortBytes() || this.#any();
  }

  /** The usual field: a number below 16, and bytes of a length that takes one or two bytes itself. Anything else is left untouched. */
  #shortBytes(): boolean {
    const bytes = this.bytes;
    const at = this.#at;
    const tag = bytes[at] ?? 0;
    if ((tag & 0x87) !== wireType.bytes || tag < 8) return false;
    let start = at + 2;
    let length = bytes[at + 1] ?? 0;
    if (length >= 0x80) {
      const high = bytes[at + 2] ?? 0x80;
      if (high >= 0x80) return false;
      length = (length & 0x7f) | (high << 7);
      start = at + 3;
    }
    if (this.broken || start + length > this.#limit) return false;
    this.tagAt = at;
    this.field = tag >>> 3;
    this.type = wireType.bytes;
    this.start = start;
    this.end = start + length;
    this.#at = start + length;
    return true;
  }

  #any(): boolean {
    while (this.#at < this.#limit && !this.broken) {
      this.tagAt = this.#at;
      if (!this.#tag()) return false;
      if (this.type === wireType.bytes) return this.#bytesField();
      if (this.type === wireType.varint) return this.#varint();
      if (this.type === wireType.fixed64) return this.#fixed(8);
      if (this.type === wireType.fixed32) return this.#fixed(4);
      if (this.type !== 3) return this.#fail();
      this.#skipGroup();
    }
    return false;
  }

  #fail(): false {
    this.broken = true;
    return false;
  }

  #tag(): boolean {
    if (!this.#varint()) return false;
    const number = Math.floor(this.value / 8);
    if (number < 1 || number > maxFieldNumber) return this.#fail();
    this.field = number;
    this.type = this.int32 & 7;
    return true;
  }

  #bytesField(): boolean {
    if (!this.#varint()) return false;
    if (this.value > this.#limit - this.#at) return this.#fail();
    this.start = this.#at;
    this.end = this.#at + this.value;
    this.#at = this.end;
    return true;
  }

  #fixed(size: number): boolean {
    if (size > this.#limit - this.#at) return this.#fail();
    this.start = this.#at;
    this.#at += size;
    this.end = this.#at;
    return true;
  }

  #varint(): boolean {
    const bytes = this.bytes;
    if (this.#at >= this.#limit) return this.#fail();
    const first = bytes[this.#at] ?? 0;
    if (first < 0x80) {
      this.#at += 1;
      this.value = first;
      this.int32 = first;
      return true;
    }
    let value = first & 0x7f;
    let int32 = value;
    let scale = 0x80;
    const last = Math.min(this.#limit, this.#at + maxVarintBytes);
    for (let at = this.#at + 1; at < last; at += 1) {
      const byte = bytes[at] ?? 0;
      const shift = 7 * (at - this.#at);
      value += (byte & 0x7f) * scale;
      if (shift < 32) int32 |= (byte & 0x7f) << shift;
      scale *= 0x80;
      if (byte < 0x80) {
        if (shift === 63 && byte > 1) return this.#fail();
        this.#at = at + 1;
        this.value = value;
        this.int32 = int32;
        return true;
      }
    }
    return this.#fail();
  }

  /** Old-style groups are legal bytes that no Kubernetes type uses. Iterative, so that nesting cannot exhaust the stack. */
  #skipGroup(): void {
    const open = [this.field];
    while (open.length > 0 && !this.broken) {
      if (!this.#tag()) return;
      if (this.type === wireType.bytes) this.#bytesField();
      else if (this.type === wireType.varint) this.#varint();
      else if (this.type === wireType.fixed64) this.#fixed(8);
      else if (this.type === wireType.fixed32) this.#fixed(4);
      else if (this.type === 3 && open.length < maxGroupDepth) open.push(this.field);
      else if (this.type !== 4 || open.pop() !== this.field) this.#fail();
    }
  }
}
