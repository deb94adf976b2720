/** ONNX files small enough to read: sigmoid(X · w), written by hand after onnx.proto. */

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

function int(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, value: Uint8Array | string): Buffer {
  const body = Buffer.from(value as string);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

function message(field: number, ...parts: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}

const float32 = 1;

function tensorInfo(field: number, name: string, columns: number, elementType = float32): Buffer {
  const rowsAndColumns = [message(1, bytes(2, 'N')), message(1, int(1, columns))];
  return message(
    field,
    bytes(1, name),
    message(2, message(1, int(1, elementType), message(2, ...rowsAndColumns))),
  );
}

function node(operation: string, inputs: readonly string[], output: string): Buffer {
  return message(1, ...inputs.map((input) => bytes(1, input)), bytes(2, output), bytes(4, operation));
}

export interface TinyModel {
  /** One weight per column. */
  readonly weights: readonly number[];
  /** False leaves the sigmoid out, so that scores leave 0..1. */
  readonly sigmoid?: boolean;
  readonly secondOutput?: boolean;
  /** So many floats are made and summed up on the way, so many times. */
  readonly burden?: { readonly floats: number; readonly times: number };
}

export function tinyOnnx({ weights, sigmoid = true, secondOutput = false, burden }: TinyModel): Uint8Array {
  const weightBytes = Buffer.from(Float32Array.from(weights).buffer);
  const graph = message(
    7,
    node('MatMul', ['X', 'W'], 'M'),
    ...burdenOf(burden),
    node('Identity', [burden === undefined ? 'M' : 'L'], sigmoid ? 'Z' : 'Y'),
    ...(sigmoid ? [node('Sigmoid', ['Z'], 'Y')] : []),
    ...(secondOutput ? [node('Identity', ['Y'], 'Y2')] : []),
    bytes(2, 'tiny'),
    message(5, int(1, weights.length), int(1, 1), int(2, float32), bytes(8, 'W'), bytes(9, weightBytes)),
    ...(burden === undefined ? [] : [int64s('size', [burden.floats])]),
    tensorInfo(11, 'X', weights.length),
    tensorInfo(12, 'Y', 1),
    ...(secondOutput ? [tensorInfo(12, 'Y2', 1)] : []),
  );
  return Buffer.concat([int(1, 8), bytes(2, 'a test'), graph, message(8, int(2, 13))]);
}

/** Y = M + 0 × (sin of sin of … of a long row of zeros, added up): the row depends on X, so that nothing is computed beforehand. */
function burdenOf(burden: TinyModel['burden']): readonly Buffer[] {
  if (burden === undefined) return [];
  const sines = Array.from({ length: burden.times }, (_, index) =>
    node('Sin', [index === 0 ? 'row' : `row${index}`], `row${index + 1}`),
  );
  return [
    node('ReduceMax', ['M'], 'most'),
    node('Expand', ['most', 'size'], 'wide'),
    node('Reshape', ['wide', 'size'], 'row'),
    ...sines,
    node('ReduceMax', [`row${burden.times}`], 'sum'),
    node('Sub', ['sum', 'sum'], 'nothing'),
    node('Add', ['M', 'nothingFlat'], 'L'),
  ].map((one, index, all) =>
    index === all.length - 1 ? Buffer.concat([node('Squeeze', ['nothing'], 'nothingFlat'), one]) : one,
  );
}

function int64s(name: string, values: readonly number[]): Buffer {
  const raw = Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
  return message(5, int(1, values.length), int(2, 7), bytes(8, name), bytes(9, raw));
}
