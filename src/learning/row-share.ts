import { binCount, missingBin } from './binning.ts';
import type { WorkerPool } from './worker-pool.ts';
import { sigmoid } from './forest.ts';
import { shareOf } from './growth.ts';
import type { LabelledRows } from './growth.ts';

/** Losses are added as whole numbers of this size, so that their sum does not depend on who added them. */
const lossUnits = 2 ** 24;

/** One thread's part of the rows: their scores so far, and in which leaf of the tree at hand each is. */
export class RowShare {
  readonly words: readonly Uint32Array[];
  readonly labels: Float32Array;
  readonly weights: Float32Array;
  /** Positions of the rows, those of one leaf together. */
  readonly rows: Int32Array;
  /** Gradient and curvature of each row, side by side, in whole units of 1 / scale. */
  readonly slopes: Int32Array;
  readonly #scores: Float64Array;
  readonly #kept: Int32Array;
  readonly #inOrder: Int32Array;
  /** 1 for each bin that goes left at the split at hand. */
  readonly #leftOf = new Uint8Array(binCount);

  constructor(data: LabelledRows, workers: WorkerPool, baseScore: number) {
    const { from, to } = shareOf(data.bins.rowCount, workers);
    this.words = data.bins.words.map((group) => group.subarray(from, to));
    this.labels = data.labels.subarray(from, to);
    this.weights = data.weights.subarray(from, to);
    this.rows = new Int32Array(to - from);
    this.slopes = new Int32Array(2 * (to - from));
    this.#scores = new Float64Array(to - from).fill(baseScore);
    this.#kept = new Int32Array(to - from);
    this.#inOrder = new Int32Array(2 * (to - from));
  }

  /** Writes each row's slopes at its present score and puts all rows into one leaf; gives the sums in units. */
  startTree(scale: number): { readonly slope: number; readonly curve: number } {
    const { labels, weights, rows, slopes } = this;
    let slopeSum = 0;
    let curveSum = 0;
    for (let row = 0; row < rows.length; row += 1) {
      const probability = sigmoid(this.#scores[row] ?? 0);
      const weight = (weights[row] ?? 0) * scale;
      // Not Math.round: it takes several times as long, and this is done for every row and tree.
      const slope = Math.floor((probability - (labels[row] ?? 0)) * weight + 0.5);
      const curve = Math.floor(probability * (1 - probability) * weight + 0.5);
      rows[row] = row;
      slopes[2 * row] = slope;
      slopes[2 * row + 1] = curve;
      slopeSum += slope;
      curveSum += curve;
    }
    return { slope: slopeSum, curve: curveSum };
  }

  /** Moves the rows of a leaf that go left before the others, order kept; gives where the right ones begin. */
  divide(
    from: number,
    to: number,
    split: { readonly feature: number; readonly bin: number; readonly missingLeft: boolean },
  ): number {
    const words = this.words[split.feature >>> 2];
    if (words === undefined) throw new RangeError(`no column ${split.feature}`);
    const { rows } = this;
    const kept = this.#kept;
    const shift = 8 * (split.feature & 3);
    const leftOf = this.#leftOf.fill(1, 0, split.bin + 1).fill(0, split.bin + 1);
    leftOf[missingBin] = split.missingLeft ? 1 : 0;
    let left = from;
    let right = 0;
    for (let index = from; index < to; index += 1) {
      const row = rows[index] ?? 0;
      const goesLeft = leftOf[((words[row] ?? 0) >>> shift) & 255] ?? 0;
      rows[left] = row;
      kept[right] = row;
      left += goesLeft;
      right += 1 - goesLeft;
    }
    rows.set(kept.subarray(0, right), left);
    return left;
  }

  /** The slopes of a leaf's rows, in the order of the rows. They are good until the next call. */
  slopesInOrder(from: number, to: number): Int32Array {
    const { rows, slopes } = this;
    if (to - from === rows.length) return slopes;
    const inOrder = this.#inOrder;
    for (let index = from; index < to; index += 1) {
      const row = rows[index] ?? 0;
      inOrder[2 * index] = slopes[2 * row] ?? 0;
      inOrder[2 * index + 1] = slopes[2 * row + 1] ?? 0;
    }
    return inOrder;
  }

  addToLeaf(from: number, to: number, value: number): void {
    for (let index = from; index < to; index += 1) {
      const row = this.rows[index] ?? 0;
      this.#scores[row] = (this.#scores[row] ?? 0) + value;
    }
  }

  /** The weighted log loss over the rows, in whole units. */
  loss(): number {
    let sum = 0;
    for (let row = 0; row < this.rows.length; row += 1) {
      const score = this.#scores[row] ?? 0;
      const loss =
        Math.log1p(Math.exp(-Math.abs(score))) + Math.max(score, 0) - (this.labels[row] ?? 0) * score;
      sum += Math.round(loss * (this.weights[row] ?? 0) * lossUnits);
    }
    return sum;
  }
}
