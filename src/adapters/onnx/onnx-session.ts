import type * as Ort from 'onnxruntime-node';
import { DocumentRefused } from '../../errors/document-refused.ts';
import { messageOf } from '../../errors/message-of.ts';

/** One ONNX graph with a float32 input [rows, columns] and a float32 output [rows, 1]. */
export interface OnnxSession {
  /** One value per row. Runs to its end on the calling thread. */
  readonly run: (matrix: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
}

/**
 * Loads a graph and tries it on one row of zeros.
 * @throws DocumentRefused with a sentence when it does not load or its input or output is of another form.
 */
export async function onnxSession(name: string, bytes: Uint8Array, columns: number): Promise<OnnxSession> {
  const ort = await import('onnxruntime-node');
  const session = await created(ort, name, bytes);
  try {
    const input = inputName(name, session, columns);
    const run = async (matrix: Float32Array): Promise<Float32Array> => {
      const rows = matrix.length / columns;
      const tensor = new ort.Tensor('float32', matrix, [rows, columns]);
      const outputs = await session.run({ [input]: tensor });
      const output = outputs[session.outputNames[0] ?? ''];
      if (!(output?.data instanceof Float32Array) || output.data.length !== rows)
        throw new DocumentRefused(name, [`its output is not one float32 value per row`]);
      return output.data;
    };
    const [score = NaN] = await run(new Float32Array(columns));
    if (!(score >= 0 && score <= 1))
      throw new DocumentRefused(name, [`it gave ${score} for a row of zeros, which is no score from 0 to 1`]);
    return { run, release: () => session.release() };
  } catch (error) {
    await session.release();
    throw error instanceof DocumentRefused
      ? error
      : new DocumentRefused(name, [`it cannot be run: ${sentence(error)}`], { cause: error });
  }
}

async function created(ort: typeof Ort, name: string, bytes: Uint8Array): Promise<Ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(bytes, {
      // More threads spin while they wait and take the cores from the answers.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw new DocumentRefused(name, [`it is not an ONNX model that can be loaded: ${sentence(error)}`], {
      cause: error,
    });
  }
}

function inputName(name: string, session: Ort.InferenceSession, columns: number): string {
  const [input] = session.inputMetadata;
  const mistakes: string[] = [];
  if (session.inputNames.length !== 1)
    mistakes.push(`it has ${session.inputNames.length} inputs instead of one`);
  if (session.outputNames.length !== 1)
    mistakes.push(`it has ${session.outputNames.length} outputs instead of one`);
  if (input?.isTensor !== true || input.type !== 'float32')
    mistakes.push('its input is not a float32 tensor');
  else if (input.shape.length !== 2) mistakes.push('its input is not a table of rows and columns');
  else if (typeof input.shape[1] === 'number' && input.shape[1] !== columns)
    mistakes.push(`it takes ${input.shape[1]} columns, its card names ${columns} features`);
  if (mistakes.length > 0 || input === undefined) throw new DocumentRefused(name, mistakes);
  return input.name;
}

function sentence(error: unknown): string {
  return messageOf(error);
}
