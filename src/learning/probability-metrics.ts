import type { JudgedRows } from './ranking-metrics.ts';

/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  readonly rows: number;
  readonly meanPredicted: number;
  readonly observed: number;
}

/** Sums per block from which the probability metrics of any draw of blocks follow. */
export interface ProbabilitySums {
  readonly rows: Float64Array;
  readonly ones: Float64Array;
  readonly squaredErrors: Float64Array;
}

export function probabilitySums(probabilities: Float32Array, rows: JudgedRows): ProbabilitySums {
  const sums: ProbabilitySums = {
    rows: new Float64Array(rows.blockCount),
    ones: new Float64Array(rows.blockCount),
    squaredErrors: new Float64Array(rows.blockCount),
  };
  for (let row = 0; row < probabilities.length; row += 1) {
    const block = rows.blockOf[row] ?? 0;
    const label = rows.labels[row] ?? 0;
    const error = (probabilities[row] ?? 0) - label;
    sums.rows[block] = (sums.rows[block] ?? 0) + 1;
    sums.ones[block] = (sums.ones[block] ?? 0) + label;
    sums.squaredErrors[block] = (sums.squaredErrors[block] ?? 0) + error * error;
  }
  return sums;
}

/**
 * 1 − Brier / Brier of the rows' own base rate: 0 says no more than the prevalence, 1 is certain and right.
 * The reference knows the prevalence of the very rows it is judged on, which no forecast does.
 */
export function brierSkill(sums: ProbabilitySums, blockWeights?: Float64Array): number {
  let rows = 0;
  let ones = 0;
  let errors = 0;
  for (let block = 0; block < sums.rows.length; block += 1) {
    const weight = blockWeights?.[block] ?? (blockWeights === undefined ? 1 : 0);
    rows += weight * (sums.rows[block] ?? 0);
    ones += weight * (sums.ones[block] ?? 0);
    errors += weight * (sums.squaredErrors[block] ?? 0);
  }
  const rate = ones / rows;
  return 1 - errors / rows / (rate * (1 - rate));
}

/** Rows in `bins` bins of equal width, the empty ones left out. */
export function reliability(probabilities: Float32Array, labels: Uint8Array, bins = 15): ReliabilityBin[] {
  const rows = new Float64Array(bins);
  const predicted = new Float64Array(bins);
  const ones = new Float64Array(bins);
  for (let row = 0; row < probabilities.length; row += 1) {
    const probability = probabilities[row] ?? 0;
    const bin = Math.min(Math.floor(probability * bins), bins - 1);
    rows[bin] = (rows[bin] ?? 0) + 1;
    predicted[bin] = (predicted[bin] ?? 0) + probability;
    ones[bin] = (ones[bin] ?? 0) + (labels[row] ?? 0);
  }
  return Array.from(rows, (count, bin) => ({
    rows: count,
    meanPredicted: (predicted[bin] ?? 0) / count,
    observed: (ones[bin] ?? 0) / count,
  })).filter((bar) => bar.rows > 0);
}

/** Expected calibration error: how far predicted and observed rates are apart, averaged over the rows of the bins. */
export function calibrationError(probabilities: Float32Array, labels: Uint8Array, bins = 15): number {
  return reliability(probabilities, labels, bins).reduce(
    (sum, bar) => sum + (bar.rows / labels.length) * Math.abs(bar.observed - bar.meanPredicted),
    0,
  );
}
