import type { BinnedRows, Cuts } from './binning.ts';
import type { WorkerPool } from './worker-pool.ts';
import { splitFields } from './best-split.ts';
import { histogramLength } from './histogram.ts';

/** How trees are grown. The defaults are those of the family-stress model. */
export interface GrowthRules {
  readonly trees: number;
  readonly maxDepth: number;
  readonly leaves: number;
  readonly learningRate: number;
  /** Share of the features that a tree may use, drawn anew for each. */
  readonly featureFraction: number;
  readonly minLeafRows: number;
  readonly l2: number;
  readonly seed: number;
  /** Stop after this many trees without a lower loss on the watched rows; 0 = never. */
  readonly patience: number;
}

export const defaultGrowth: GrowthRules = {
  trees: 300,
  maxDepth: 5,
  leaves: 20,
  learningRate: 0.03,
  featureFraction: 0.7,
  minLeafRows: 50,
  l2: 0,
  seed: 1,
  patience: 0,
};

/** Rows with the answer, 0..1, and how much each counts. */
export interface LabelledRows {
  readonly bins: BinnedRows;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

/** What every thread of a worker pool reads. */
export interface GrowthTask {
  readonly rules: GrowthRules;
  readonly cuts: readonly Cuts[];
  readonly train: LabelledRows;
  /** Rows to watch for early stopping; may be empty. */
  readonly watched: LabelledRows;
  readonly board: GrowthBoard;
}

/** What the threads of a worker pool write for each other. */
export interface GrowthBoard {
  /** Per thread, the histograms of the leaf at hand over its own rows. */
  readonly partial: readonly Float64Array[];
  /** Per leaf, the histograms over all rows. */
  readonly whole: Float64Array;
  /** Per thread, its best splits of the two newest leaves. */
  readonly splits: readonly Float64Array[];
  /** Per thread, sums over its own rows. */
  readonly sums: readonly Float64Array[];
}

export const sumFields = 4;

/** Memory of a worker pool of `size`; shared when the pool is threads. */
export function emptyBoard(featureCount: number, leaves: number, size: number, shared: boolean): GrowthBoard {
  const cells = (count: number): Float64Array =>
    new Float64Array(shared ? new SharedArrayBuffer(8 * count) : new ArrayBuffer(8 * count));
  const each = (count: number): Float64Array[] => Array.from({ length: size }, () => cells(count));
  return {
    partial: each(featureCount * histogramLength),
    whole: cells(leaves * featureCount * histogramLength),
    splits: each(2 * splitFields),
    sums: each(sumFields),
  };
}

/** The rows of a worker: from `from`, before `to`. */
export function shareOf(
  rowCount: number,
  workers: WorkerPool,
): { readonly from: number; readonly to: number } {
  return {
    from: Math.floor((rowCount * workers.index) / workers.size),
    to: Math.floor((rowCount * (workers.index + 1)) / workers.size),
  };
}
