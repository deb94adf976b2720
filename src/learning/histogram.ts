import { binCount } from './binning.ts';

/** A histogram holds a gradient sum and a curvature sum per bin, side by side. */
export const histogramLength = 2 * binCount;

/** Rows of a leaf: `rows[from … to − 1]` are positions in `words`. */
export interface LeafRows {
  readonly rows: Int32Array;
  readonly from: number;
  readonly to: number;
  /**
   * Gradient and curvature of `rows[index]` at 2 × index and after it, in the order of the leaf: they are read once for every four
   * features. Whole numbers, so that sums do not depend on their order.
   */
  readonly slopes: Int32Array;
}

/** Adds the leaf's rows to the histograms of `features`, which share the words of group `feature >>> 2`. */
export function addToHistograms(
  leaf: LeafRows,
  words: Uint32Array,
  features: readonly number[],
  histograms: Float64Array,
): void {
  const [a, b, c, d] = features;
  if (a !== undefined && b !== undefined && c !== undefined && d !== undefined)
    addFour(leaf, words, histograms, a * histogramLength);
  else if (a !== undefined && b !== undefined) {
    addTwo(leaf, words, histograms, a, b);
    if (c !== undefined) addOne(leaf, words, histograms, c);
  } else if (a !== undefined) addOne(leaf, words, histograms, a);
}

function addFour(leaf: LeafRows, words: Uint32Array, sums: Float64Array, base: number): void {
  const { rows, from, to, slopes } = leaf;
  const second = base + histogramLength;
  const third = second + histogramLength;
  const fourth = third + histogramLength;
  for (let index = from; index < to; index += 1) {
    const word = words[rows[index] ?? 0] ?? 0;
    const slope = slopes[2 * index] ?? 0;
    const curve = slopes[2 * index + 1] ?? 0;
    const a = base + ((word & 255) << 1);
    const b = second + ((word >>> 7) & 510);
    const c = third + ((word >>> 15) & 510);
    const d = fourth + ((word >>> 23) & 510);
    sums[a] = (sums[a] ?? 0) + slope;
    sums[a + 1] = (sums[a + 1] ?? 0) + curve;
    sums[b] = (sums[b] ?? 0) + slope;
    sums[b + 1] = (sums[b + 1] ?? 0) + curve;
    sums[c] = (sums[c] ?? 0) + slope;
    sums[c + 1] = (sums[c + 1] ?? 0) + curve;
    sums[d] = (sums[d] ?? 0) + slope;
    sums[d + 1] = (sums[d + 1] ?? 0) + curve;
  }
}

function addTwo(leaf: LeafRows, words: Uint32Array, sums: Float64Array, first: number, second: number): void {
  const { rows, from, to, slopes } = leaf;
  const base = first * histogramLength;
  const other = second * histogramLength;
  const shift = 8 * (first & 3);
  const otherShift = 8 * (second & 3);
  for (let index = from; index < to; index += 1) {
    const word = words[rows[index] ?? 0] ?? 0;
    const slope = slopes[2 * index] ?? 0;
    const curve = slopes[2 * index + 1] ?? 0;
    const a = base + (((word >>> shift) & 255) << 1);
    const b = other + (((word >>> otherShift) & 255) << 1);
    sums[a] = (sums[a] ?? 0) + slope;
    sums[a + 1] = (sums[a + 1] ?? 0) + curve;
    sums[b] = (sums[b] ?? 0) + slope;
    sums[b + 1] = (sums[b + 1] ?? 0) + curve;
  }
}

function addOne(leaf: LeafRows, words: Uint32Array, sums: Float64Array, feature: number): void {
  const { rows, from, to, slopes } = leaf;
  const base = feature * histogramLength;
  const shift = 8 * (feature & 3);
  for (let index = from; index < to; index += 1) {
    const a = base + ((((words[rows[index] ?? 0] ?? 0) >>> shift) & 255) << 1);
    sums[a] = (sums[a] ?? 0) + (slopes[2 * index] ?? 0);
    sums[a + 1] = (sums[a + 1] ?? 0) + (slopes[2 * index + 1] ?? 0);
  }
}
