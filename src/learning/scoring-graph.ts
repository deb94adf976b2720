import type { PlattLine } from './calibration.ts';
import { leafOf, sigmoid } from './forest.ts';
import type { Forest } from './forest.ts';
import { logisticLogOdds } from './logistic.ts';
import type { LogisticModel } from './logistic.ts';

/** What one score is made of: log-odds = the forest's + those of the linear part where there is one; score = their sigmoid. */
export interface ScoringGraph {
  readonly forest: Forest;
  readonly linear?: LogisticModel;
}

/** A forest that has a say in a score. */
export interface WeightedForest {
  readonly forest: Forest;
  /** 0..1; those of all weighted forests and the linear part sum to 1. */
  readonly share: number;
  /** Places of its columns among those of the graph; the same columns when undefined. */
  readonly places?: readonly number[];
  /** From its log-odds to those of the label, where it was grown on something else. */
  readonly line?: PlattLine;
}

/**
 * Forests and line averaged in log-odds, the line with what say the forests leave. Trees are level outside what they have seen; the
 * line goes on, and steadies them when the market changes its regime.
 */
export function blended(
  weightedForests: readonly WeightedForest[],
  linear: LogisticModel,
  featureCount: number,
): ScoringGraph {
  let baseScore = 0;
  let linearShare = 1;
  for (const { forest, share, line } of weightedForests) {
    baseScore += share * ((line?.intercept ?? 0) + (line?.slope ?? 1) * forest.baseScore);
    linearShare -= share;
  }
  const forest: Forest = {
    featureCount,
    baseScore: Math.fround(baseScore),
    trees: weightedForests.flatMap(({ forest: { trees }, share, places, line }) => {
      const scale = share * (line?.slope ?? 1);
      return trees.map((tree) => ({
        ...tree,
        feature: tree.feature.map((feature) => places?.[feature] ?? feature),
        leafValue: tree.leafValue.map((value) => value * scale),
      }));
    }),
  };
  if (linearShare < 1e-9) return { forest };
  return {
    forest,
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
