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
}

export function tinyOnnx({ weights, sigmoid = true, secondOutput = false }: TinyModel): Uint8Array {
  const weightBytes = Buffer.from(Float32Array.from(weights).buffer);
  const graph = message(
    7,
    node('MatMul', ['X', 'W'], sigmoid ? 'Z' : 'Y'),
    ...(sigmoid ? [node('Sigmoid', ['Z'], 'Y')] : []),
    ...(secondOutput ? [node('Identity', ['Y'], 'Y2')] : []),
    bytes(2, 'tiny'),
    message(5, int(1, weights.length), int(1, 1), int(2, float32), bytes(8, 'W'), bytes(9, weightBytes)),
    tensorInfo(11, 'X', weights.length),
    tensorInfo(12, 'Y', 1),
    ...(secondOutput ? [tensorInfo(12, 'Y2', 1)] : []),
  );
  return Buffer.concat([int(1, 8), bytes(2, 'a test'), graph, message(8, int(2, 13))]);
}
