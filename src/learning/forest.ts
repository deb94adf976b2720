/**
 * One regression tree. Inner nodes are numbered from 0, the root first; a child of −1 − n is leaf n.
 * A row goes left when its value ≤ threshold, in float32; a missing value (NaN) goes left where `missingLeft` is 1.
 * A tree of a single leaf has no inner nodes.
 */
export interface Tree {
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Log-odds that a leaf adds, learning rate included. */
  readonly leafValue: Float32Array;
  /** What each inner node's split gained; zeros when not known. */
  readonly gain: Float64Array;
}

/** Trees whose leaves add up, on top of `baseScore`, to the log-odds of the target. */
export interface Forest {
  readonly featureCount: number;
  readonly baseScore: number;
  readonly trees: readonly Tree[];
}

/** The leaf that a row falls into. `values[offset + feature]` is the row. */
export function leafOf(tree: Tree, values: Float32Array, offset: number): number {
  if (tree.feature.length === 0) return 0;
  let node = 0;
  while (node >= 0) {
    const value = values[offset + (tree.feature[node] ?? 0)] ?? Number.NaN;
    const goesLeft = value !== value ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] ?? 0);
    node = (goesLeft ? tree.left[node] : tree.right[node]) ?? -1;
  }
  return -1 - node;
}

/** 1 / (1 + e^−x). */
export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** The score of each row of a row-major block, 0..1: what the ONNX graph gives for the same rows. */
export function forestScores(forest: Forest, rows: Float32Array): Float32Array {
  const count = rows.length / forest.featureCount;
  const scores = new Float32Array(count);
  for (let row = 0; row < count; row += 1) {
    let logOdds = forest.baseScore;
    for (const tree of forest.trees)
      logOdds += tree.leafValue[leafOf(tree, rows, row * forest.featureCount)] ?? 0;
    scores[row] = sigmoid(logOdds);
  }
  return scores;
}

/** The share of all gain that each feature brought, summing to 1. */
export function gainShares(forest: Forest): Float64Array {
  const shares = new Float64Array(forest.featureCount);
  let total = 0;
  for (const tree of forest.trees)
    for (const [node, gain] of tree.gain.entries()) {
      const feature = tree.feature[node] ?? 0;
      shares[feature] = (shares[feature] ?? 0) + gain;
      total += gain;
    }
  return total > 0 ? shares.map((share) => share / total) : shares;
}
