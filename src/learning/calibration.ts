import { sigmoid } from './forest.ts';
import { highestFirst } from './score-order.ts';

/** Points of a rising, piecewise linear curve from a score (0..1) to a probability (0..1); outside it stays level. */
export type CalibrationPoints = readonly (readonly [score: number, probability: number])[];

export interface PlattLine {
  readonly intercept: number;
  readonly slope: number;
}

export function logOdds(probability: number): number {
  const kept = Math.min(Math.max(probability, 1e-7), 1 - 1e-7);
  return Math.log(kept / (1 - kept));
}

/**
 * The line in log-odds that fits the labels best (Platt), drawn towards the identity as `pull` rows of each kind would: a quiet
 * slice with next to no unstable rows must not rewrite the scale. Newton's method on the log loss.
 */
export function plattLine(
  scores: Float32Array,
  labels: Uint8Array,
  { pull = 50, weights }: { readonly pull?: number; readonly weights?: Float32Array } = {},
): PlattLine {
  let intercept = 0;
  let slope = 1;
  for (let turn = 0; turn < 50; turn += 1) {
    let [slopeA, slopeB] = [pull * intercept, pull * (slope - 1)];
    let [curveAA, curveAB, curveBB] = [pull, 0, pull];
    for (let row = 0; row < scores.length; row += 1) {
      const x = logOdds(scores[row] ?? 0);
      const probability = sigmoid(intercept + slope * x);
      const weight = weights?.[row] ?? 1;
      const error = weight * (probability - (labels[row] ?? 0));
      const curve = weight * probability * (1 - probability);
      slopeA += error;
      slopeB += error * x;
      curveAA += curve;
      curveAB += curve * x;
      curveBB += curve * x * x;
    }
    const determinant = curveAA * curveBB - curveAB * curveAB;
    const stepA = (curveBB * slopeA - curveAB * slopeB) / determinant;
    const stepB = (curveAA * slopeB - curveAB * slopeA) / determinant;
    intercept -= stepA;
    slope -= stepB;
    if (Math.abs(stepA) + Math.abs(stepB) < 1e-9) break;
  }
  return { intercept, slope };
}

/** The line as points, close enough together that straight lines between them are within 0.0005 of it. */
export function plattPoints(line: PlattLine): CalibrationPoints {
  const scores = new Set<number>([0, 1]);
  for (let odds = -12; odds <= 12; odds += 0.1) scores.add(sigmoid(odds));
  for (let score = 0.005; score < 1; score += 0.005) scores.add(Number(score.toFixed(3)));
  const points: [number, number][] = [];
  for (const score of [...scores].sort((a, b) => a - b)) {
    const probability = sigmoid(line.intercept + Math.max(line.slope, 0) * logOdds(score));
    points.push([score, Math.max(probability, points.at(-1)?.[1] ?? 0)]);
  }
  return points;
}

/** The rising step curve that fits the labels best (pool adjacent violators), as the middles of its steps. */
export function isotonicPoints(
  scores: Float32Array,
  labels: Uint8Array,
  weights?: Float32Array,
): CalibrationPoints {
  const blocks: { score: number; ones: number; rows: number }[] = [];
  for (const row of highestFirst(scores).reverse()) {
    const weight = weights?.[row] ?? 1;
    const score = scores[row] ?? 0;
    let block = { score: score * weight, ones: (labels[row] ?? 0) * weight, rows: weight };
    for (let last = blocks.at(-1); last !== undefined; last = blocks.at(-1)) {
      const same = last.score / last.rows === score;
      if (!same && last.ones * block.rows < block.ones * last.rows) break;
      block = { score: block.score + last.score, ones: block.ones + last.ones, rows: block.rows + last.rows };
      blocks.pop();
    }
    blocks.push(block);
  }
  const points: [number, number][] = [];
  for (const { score, ones, rows } of blocks) {
    const at = score / rows;
    if (at > (points.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY)) points.push([at, ones / rows]);
  }
  return points;
}

/** The probability of a score: linear between the points, that of the nearest one outside. */
export function calibrated(points: CalibrationPoints, score: number): number {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.[0] ?? Infinity) <= score) low = middle;
    else high = middle;
  }
  const [fromScore, from] = points[low] ?? [0, 0];
  const [toScore, to] = points[high] ?? [0, 0];
  if (!(score > fromScore) || toScore === fromScore) return from;
  if (score >= toScore) return to;
  return from + ((to - from) * (score - fromScore)) / (toScore - fromScore);
}

/** The probability at even prior odds: p(1 − π) / (p(1 − π) + (1 − p)π), π being the base rate, 0..1 exclusive. */
export function atEvenOdds(probability: number, baseRate: number): number {
  const unstable = probability * (1 - baseRate);
  const stable = (1 - probability) * baseRate;
  return unstable / (unstable + stable);
}
