/** Writes protobuf messages field by field, legal ones and others, for tests of the reader. */

export type Bytes = Uint8Array<ArrayBuffer>;

export const joined = (...parts: readonly Uint8Array[]): Bytes => concatenated(parts);

export function concatenated(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function varint(value: number | bigint): Bytes {
  if (typeof value === 'number' && value >= 0 && value < 0x80) return Uint8Array.of(value);
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const more = rest > 0x7fn ? 0x80 : 0;
    bytes.push(Number(rest & 0x7fn) | more);
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

export const tag = (field: number, type: number): Bytes => varint(field * 8 + type);
export const numberField = (field: number, value: number | bigint): Bytes =>
  joined(tag(field, 0), varint(value));
export const bytesField = (field: number, ...content: readonly Uint8Array[]): Bytes => {
  const body = joined(...content);
  return joined(tag(field, 2), varint(body.length), body);
};
export const textField = (field: number, text: string): Bytes =>
  bytesField(field, new TextEncoder().encode(text));

/** One map entry under `field`: text to text. */
export const labelEntry = (field: number, key: string, value: string): Bytes =>
  bytesField(field, textField(1, key), textField(2, value));

type Amounts = Readonly<Record<string, string>>;

/** `map<string, Quantity>` under `field`. */
export const amounts = (field: number, list: Amounts): Bytes =>
  joined(
    ...Object.entries(list).map(([name, quantity]) =>
      bytesField(field, textField(1, name), bytesField(2, textField(1, quantity))),
    ),
  );

export interface ContainerShape {
  readonly requests: Amounts;
  readonly runsOn?: boolean;
}

export const container = ({ requests, runsOn = false }: ContainerShape): Bytes =>
  joined(
    textField(1, 'c'),
    bytesField(8, amounts(2, requests)),
    runsOn ? textField(24, 'Always') : new Uint8Array(),
  );

export interface PodShape {
  readonly name?: string;
  readonly containers?: readonly ContainerShape[];
  readonly initContainers?: readonly ContainerShape[];
  readonly overhead?: Amounts;
  readonly podLevel?: Amounts;
  /** Further fields of the metadata. */
  readonly metadata?: readonly Uint8Array[];
  /** Further fields of the spec. */
  readonly spec?: readonly Uint8Array[];
}

export const pod = (shape: PodShape = {}): Bytes =>
  joined(
    bytesField(1, textField(1, shape.name ?? 'pod'), ...(shape.metadata ?? [])),
    bytesField(
      2,
      ...(shape.containers ?? []).map((one) => bytesField(2, container(one))),
      ...(shape.initContainers ?? []).map((one) => bytesField(20, container(one))),
      amounts(32, shape.overhead ?? {}),
      ...(shape.spec ?? []),
      shape.podLevel === undefined ? new Uint8Array() : bytesField(40, amounts(2, shape.podLevel)),
    ),
  );

export interface NodeShape {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly providerId?: string;
  readonly capacity?: Amounts;
  readonly allocatable?: Amounts;
}

export const node = (shape: NodeShape = {}): Bytes =>
  joined(
    bytesField(
      1,
      textField(1, shape.name ?? 'node'),
      ...Object.entries(shape.labels ?? {}).map(([key, value]) => labelEntry(11, key, value)),
    ),
    bytesField(2, textField(3, shape.providerId ?? '')),
    bytesField(3, amounts(1, shape.capacity ?? {}), amounts(2, shape.allocatable ?? {})),
  );

export interface OptionShape {
  readonly id: string;
  readonly count?: number;
  readonly embedded?: readonly Uint8Array[];
  readonly raw?: readonly Uint8Array[];
}

export const option = ({ id, count = 1, embedded = [], raw = [] }: OptionShape): Bytes => {
  const head = [textField(1, id), numberField(2, count), textField(3, 'debug')];
  const pods = [...embedded.map((one) => bytesField(4, one)), ...raw.map((one) => bytesField(5, one))];
  return bytesField(1, concatenated([...head, ...pods]));
};

export const nodeEntry = (field: 2 | 3, id: string, content: Uint8Array): Bytes =>
  bytesField(field, textField(1, id), bytesField(2, content));
