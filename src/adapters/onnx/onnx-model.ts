import { createHash } from 'node:crypto';
import { DocumentRefused } from '../../errors/document-refused.ts';
import type { ModelFiles, ScoringModel } from '../../ports/scoring-model.ts';
import { onnxSession, type OnnxSession } from './onnx-session.ts';
import { tryModel, type TrialLimits } from './model-trial.ts';
import { scoringThread } from './scoring-thread.ts';

export interface OnnxModelOptions {
  /** Batches of more rows are scored on a thread of their own; about 10 µs a row are spent on the caller's otherwise. */
  readonly maxRowsOnCaller?: number;
  readonly trial?: TrialLimits;
}

/**
 * Opens a published model: every file has the hash that the card gives, takes as many columns as the card names features, and
 * loads and runs within bounds, in a process of its own first.
 * @throws DocumentRefused with a sentence otherwise.
 */
export async function openOnnxModel(
  files: ModelFiles,
  signal: AbortSignal,
  options: OnnxModelOptions = {},
): Promise<ScoringModel> {
  const { card } = files;
  const maxRowsOnCaller = options.maxRowsOnCaller ?? 2_000;
  const columns = card.features.length;
  const byFile = new Map<string, Uint8Array>([[card.name, files.onnx]]);
  mustMatch(card.name, files.onnx, card.sha256);
  for (const [family, scale] of Object.entries(card.families ?? {})) {
    const bytes = files.families.get(family);
    if (bytes === undefined)
      throw new DocumentRefused(scale.file, [`it is missing for the family ${family}`]);
    mustMatch(scale.file, bytes, scale.sha256);
    byFile.set(scale.file, bytes);
  }
  await tryModel(byFile, columns, signal, options.trial);
  const sessions = new Map<string, OnnxSession>();
  try {
    for (const [file, bytes] of byFile) {
      signal.throwIfAborted();
      sessions.set(file, await onnxSession(file, bytes, columns));
    }
  } catch (error) {
    await released(sessions);
    throw error;
  }
  const thread = scoringThread({ files: byFile, columns });
  const running = new Set<Promise<unknown>>();

  async function scores(
    family: string | undefined,
    matrix: Float32Array,
    stop: AbortSignal,
  ): Promise<Float32Array> {
    stop.throwIfAborted();
    const file = (family === undefined ? undefined : card.families?.[family]?.file) ?? card.name;
    const session = sessions.get(file);
    if (session === undefined) throw new Error(`The model ${card.name} is closed.`);
    if (matrix.length / columns > maxRowsOnCaller) return thread.score(file, matrix, stop);
    return matrix.length === 0 ? new Float32Array(0) : session.run(matrix);
  }

  return {
    card,
    score(family, matrix, stop) {
      const scoring = scores(family, matrix, stop).finally(() => running.delete(scoring));
      running.add(scoring);
      return scoring;
    },
    async close() {
      // A newer model may take the place of this one in the middle of a scoring, which then still ends well.
      await Promise.allSettled(running);
      await thread.close();
      await released(sessions);
    },
  };
}

function mustMatch(file: string, bytes: Uint8Array, sha256: string): void {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256)
    throw new DocumentRefused(file, [
      `its SHA-256 is ${actual}, its card says ${sha256}: the two are not from one publishing`,
    ]);
}

async function released(sessions: Map<string, OnnxSession>): Promise<void> {
  const all = [...sessions.values()];
  sessions.clear();
  await Promise.allSettled(all.map((session) => session.release()));
}
