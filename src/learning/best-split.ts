import { missingBin } from './binning.ts';

/** Sums over a leaf's rows: gradient, curvature, and how many rows. */
export interface LeafSums {
  readonly slope: number;
  readonly curve: number;
  readonly rows: number;
}

/** A way to divide a leaf: bins 0 … `bin` go left. */
export interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly left: LeafSums;
  readonly right: LeafSums;
}

export interface SplitRules {
  /** Fewest rows on either side, estimated from the curvature as LightGBM does. */
  readonly minLeafRows: number;
  /** Added to each side's curvature. */
  readonly l2: number;
}

/** Numbers that describe a split between threads. */
export const splitFields = 10;

/** The best division of a leaf by one feature; undefined when none gains anything. `sums` is that feature's histogram. */
export function bestSplit(
  sums: Float64Array,
  offset: number,
  feature: number,
  cutCount: number,
  leaf: LeafSums,
  rules: SplitRules,
): Split | undefined {
  const rowsPerCurve = leaf.rows / leaf.curve;
  const missingSlope = sums[offset + 2 * missingBin] ?? 0;
  const missingCurve = sums[offset + 2 * missingBin + 1] ?? 0;
  const whole = score(leaf.slope, leaf.curve, rules.l2);
  let bestGain = 1e-9 * Math.abs(whole) + 1e-12;
  let bestBin = -1;
  let bestMissingLeft = false;
  let bestSlope = 0;
  let bestCurve = 0;
  for (const missingLeft of missingCurve > 0 ? [false, true] : [false]) {
    let slope = missingLeft ? missingSlope : 0;
    let curve = missingLeft ? missingCurve : 0;
    for (let bin = 0; bin < cutCount; bin += 1) {
      slope += sums[offset + 2 * bin] ?? 0;
      curve += sums[offset + 2 * bin + 1] ?? 0;
      if (Math.round(curve * rowsPerCurve) < rules.minLeafRows) continue;
      const restCurve = leaf.curve - curve;
      if (Math.round(restCurve * rowsPerCurve) < rules.minLeafRows) break;
      const gain = score(slope, curve, rules.l2) + score(leaf.slope - slope, restCurve, rules.l2) - whole;
      if (gain <= bestGain) continue;
      bestGain = gain;
      bestBin = bin;
      bestMissingLeft = missingLeft;
      bestSlope = slope;
      bestCurve = curve;
    }
  }
  if (bestBin < 0) return undefined;
  const rows = Math.round(bestCurve * rowsPerCurve);
  return {
    feature,
    bin: bestBin,
    missingLeft: bestMissingLeft,
    gain: bestGain,
    left: { slope: bestSlope, curve: bestCurve, rows },
    right: { slope: leaf.slope - bestSlope, curve: leaf.curve - bestCurve, rows: leaf.rows - rows },
  };
}

/** Gradient² / (curvature + l2): half of it is what the best constant takes off the loss. */
function score(slope: number, curve: number, l2: number): number {
  return (slope * slope) / (curve + l2);
}

/** Of two splits the one that gains more; of equals, the lower feature, so that every thread agrees. */
export function betterSplit(a: Split | undefined, b: Split | undefined): Split | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.gain !== b.gain) return a.gain > b.gain ? a : b;
  return a.feature <= b.feature ? a : b;
}

/** Writes a split, or its absence, where other threads read it. */
export function writeSplit(split: Split | undefined, cells: Float64Array, at: number): void {
  if (split === undefined) {
    cells[at] = -1;
    return;
  }
  cells.set(
    [
      split.feature,
      split.bin,
      split.missingLeft ? 1 : 0,
      split.gain,
      split.left.slope,
      split.left.curve,
      split.left.rows,
      split.right.slope,
      split.right.curve,
      split.right.rows,
    ],
    at,
  );
}

export function readSplit(cells: Float64Array, at: number): Split | undefined {
  const cell = (index: number): number => cells[at + index] ?? 0;
  if (cell(0) < 0) return undefined;
  return {
    feature: cell(0),
    bin: cell(1),
    missingLeft: cell(2) === 1,
    gain: cell(3),
    left: { slope: cell(4), curve: cell(5), rows: cell(6) },
    right: { slope: cell(7), curve: cell(8), rows: cell(9) },
  };
}
