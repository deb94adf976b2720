import { leafOf, sigmoid } from './forest.ts';
import type { Forest } from './forest.ts';
import { logisticLogOdds } from './logistic.ts';
import type { LogisticModel } from './logistic.ts';

/** What one score is made of: log-odds = the forest's + those of the linear part where there is one; score = their sigmoid. */
export interface ScoringGraph {
  readonly forest: Forest;
  readonly linear?: LogisticModel;
}

/**
 * Trees and line averaged in log-odds, the line with `linearShare` of the say. Trees are level outside what they have seen; the
 * line goes on, and steadies them when the market changes its regime.
 */
export function blended(forest: Forest, linear: LogisticModel, linearShare: number): ScoringGraph {
  if (linearShare === 0) return { forest };
  const share = 1 - linearShare;
  return {
    forest: {
      featureCount: forest.featureCount,
      baseScore: Math.fround(forest.baseScore * share),
      trees: forest.trees.map((tree) => ({
        ...tree,
        leafValue: tree.leafValue.map((value) => value * share),
      })),
    },
    linear: { ...linear, coefficients: linear.coefficients.map((value) => value * linearShare) },
  };
}

/** The graph's scores (0..1) of some rows of a table's columns: what the ONNX file gives for them, to about 1e-6. */
export function graphScores(
  graph: ScoringGraph,
  columns: readonly Float32Array[],
  rows: Uint32Array,
): Float32Array {
  const { forest, linear } = graph;
  const values = new Float32Array(columns.length);
  const scores = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    for (let column = 0; column < columns.length; column += 1) values[column] = columns[column]?.[row] ?? 0;
    let odds = forest.baseScore;
    for (const tree of forest.trees) odds += tree.leafValue[leafOf(tree, values, 0)] ?? 0;
    if (linear !== undefined) odds += logisticLogOdds(linear, columns, row);
    scores[at] = sigmoid(odds);
  }
  return scores;
}
