import { chanceFrom } from './chance.ts';

/** Values fall into bins 0 … 254; this one holds what is missing. */
export const missingBin = 255;
export const binCount = 256;
const mostCuts = 254;
const sampledRows = 200_000;

/** Four features a word: the bin of feature 4 g + k in bits 8 k … 8 k + 7 of `words[g][row]`. */
export interface BinnedRows {
  readonly rowCount: number;
  readonly words: readonly Uint32Array[];
}

/** Where a column is cut: a value ≤ cut b and > cut b − 1 is in bin b. Ascending, at most 254. */
export type Cuts = Float32Array;

/**
 * Cuts that put about the same number of rows into each bin, or one distinct value where there are few. They are float32, at or
 * above the largest value below them, so that `value ≤ cut` says the same in float32 wherever it is asked.
 */
export function cutsOf(column: Float32Array, seed: number): Cuts {
  const sorted = sampleOf(column, seed).sort();
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (Number.isNaN(value)) continue;
    if (value === values.at(-1)) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  if (values.length <= mostCuts + 1)
    return Float32Array.from({ length: Math.max(values.length - 1, 0) }, (_, index) =>
      between(values[index] ?? 0, values[index + 1] ?? 0),
    );
  return cutsByCount(values, counts);
}

function cutsByCount(values: readonly number[], counts: readonly number[]): Cuts {
  const cuts: number[] = [];
  let left = counts.reduce((sum, count) => sum + count, 0);
  let filled = 0;
  for (let index = 0; index + 1 < values.length && cuts.length < mostCuts; index += 1) {
    const share = left / (mostCuts + 1 - cuts.length);
    filled += counts[index] ?? 0;
    const next = counts[index + 1] ?? 0;
    if (filled < share && !(next > share && filled > 0)) continue;
    cuts.push(between(values[index] ?? 0, values[index + 1] ?? 0));
    left -= filled;
    filled = 0;
  }
  return Float32Array.from(cuts);
}

/** A float32 t with low ≤ t < high, near the middle. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? Math.max(middle, low) : low;
}

function sampleOf(column: Float32Array, seed: number): Float32Array {
  if (column.length <= sampledRows) return column.slice();
  const chance = chanceFrom(seed);
  const stride = column.length / sampledRows;
  return Float32Array.from(
    { length: sampledRows },
    (_, index) => column[Math.floor((index + chance()) * stride)] ?? Number.NaN,
  );
}

/** Memory for {@link binInto}; shared when threads are to read it. */
export function emptyBins(rowCount: number, featureCount: number, shared: boolean): BinnedRows {
  const groups = Math.ceil(featureCount / 4);
  const buffer = (bytes: number): ArrayBufferLike =>
    shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  return {
    rowCount,
    words: Array.from({ length: groups }, () => new Uint32Array(buffer(4 * rowCount))),
  };
}

/** Writes the bins of one column; `valueAt` gives row's value. The words must be zero where it writes. */
export function binInto(
  bins: BinnedRows,
  feature: number,
  cuts: Cuts,
  column: Float32Array,
  rows?: Uint32Array,
): void {
  const words = bins.words[feature >>> 2];
  if (words === undefined) throw new RangeError(`no room for feature ${feature}`);
  const shift = 8 * (feature & 3);
  const lookup = Float32Array.from({ length: 256 }, (_, index) => cuts[index] ?? Number.POSITIVE_INFINITY);
  for (let row = 0; row < bins.rowCount; row += 1) {
    const value = column[rows === undefined ? row : (rows[row] ?? 0)] ?? Number.NaN;
    let bin = 0;
    if (value !== value) bin = missingBin;
    else
      for (let half = 128; half > 0; half >>>= 1)
        if (value > (lookup[bin + half - 1] ?? Number.POSITIVE_INFINITY)) bin += half;
    words[row] = (words[row] ?? 0) | (bin << shift);
  }
}
