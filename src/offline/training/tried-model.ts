import { columnOf } from '../../learning/features.ts';
import { graphScores } from '../../learning/scoring-graph.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import type { OpenScoringModel } from '../../ports/scoring-model.ts';
import type { FittedModel } from './fitted-model.ts';
import type { LearningSet } from './learning-set.ts';

const triedRows = 2000;
const agreement = 1e-5;

/** Opens the model as a server would and compares its scores with our own: what does not hold here is not published. */
export async function mustScoreAlike(
  card: ModelCard,
  models: ReadonlyMap<string, Uint8Array>,
  set: LearningSet,
  fitted: FittedModel,
  open: OpenScoringModel,
  signal: AbortSignal,
): Promise<void> {
  const onnx = models.get(card.name) ?? new Uint8Array(0);
  const families = new Map(
    Object.entries(card.families ?? {}).map(([family, { file }]) => [
      family,
      models.get(file) ?? new Uint8Array(0),
    ]),
  );
  const model = await open({ card, onnx, families }, signal);
  try {
    const columns = fitted.features.map((feature) => columnOf(set.table, feature));
    const stride = Math.max(1, Math.floor(set.table.rowCount / triedRows));
    const rows = Uint32Array.from(
      { length: Math.min(triedRows, set.table.rowCount) },
      (_, index) => index * stride,
    );
    const matrix = new Float32Array(rows.length * columns.length);
    for (const [index, row] of rows.entries())
      for (const [at, column] of columns.entries()) matrix[index * columns.length + at] = column[row] ?? 0;
    const own = graphScores(fitted.graph, columns, rows);
    const scores = await model.score(undefined, matrix, signal);
    for (const [index, score] of scores.entries())
      if (!(Math.abs(score - (own[index] ?? Number.NaN)) < agreement))
        throw new Error(
          `the ONNX file gives ${score} where our own evaluation gives ${own[index]}; it is not published`,
        );
  } finally {
    await model.close();
  }
}
