/** Writes Protocol Buffers' wire format, field by field. */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** An integer field; negative numbers as 64-bit two's complement. */
  int(field: number, value: number): this {
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    this.#raw(new Uint8Array(littleEndian([value]).buffer));
    return this;
  }

  text(field: number, value: string): this {
    return this.blob(field, new TextEncoder().encode(value));
  }

  blob(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#raw(value);
    return this;
  }

  message(field: number, write: (inner: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    write(inner);
    return this.blob(field, inner.bytes());
  }

  packedInts(field: number, values: Iterable<number>): this {
    const inner = new ProtoWriter();
    for (const value of values) inner.#varint(value);
    return this.blob(field, inner.bytes());
  }

  packedFloats(field: number, values: ArrayLike<number>): this {
    return this.blob(field, new Uint8Array(littleEndian(values).buffer));
  }

  #varint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const out: number[] = [];
    do {
      const low = Number(rest & 127n);
      rest >>= 7n;
      out.push(rest > 0n ? low | 128 : low);
    } while (rest > 0n);
    this.#raw(Uint8Array.from(out));
  }

  #raw(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

/** float32 values as the wire and ONNX's raw data want them, whatever the machine. */
export function littleEndian(values: ArrayLike<number>): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (let index = 0; index < values.length; index += 1) view.setFloat32(4 * index, values[index] ?? 0, true);
  return view;
}
