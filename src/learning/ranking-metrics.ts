import { groupedOrder, highestFirst } from './score-order.ts';

/** Rows to judge scores on. Every array is as long as the scores. */
export interface JudgedRows {
  readonly labels: Uint8Array;
  readonly poolOf: Uint32Array;
  readonly poolCount: number;
  /** The block of days that a row belongs to; the bootstrap draws whole blocks. */
  readonly blockOf: Uint32Array;
  readonly blockCount: number;
}

export interface RankingMetrics {
  /** Area under the precision–recall curve (average precision). */
  readonly prAuc: number;
  /** Area under the ROC curve over all rows. */
  readonly rocAuc: number;
  /** The share of pairs of one pool, an unstable and a stable moment, that are ordered rightly; a tie is half. */
  readonly withinPoolAuc: number;
}

/** A score's order, found once, and read again with other weights as often as the bootstrap wants. */
export interface RankedScores {
  readonly scores: Float32Array;
  readonly order: Uint32Array;
  readonly byPool: { readonly order: Uint32Array; readonly starts: Uint32Array };
}

export function rankedScores(scores: Float32Array, rows: JudgedRows): RankedScores {
  const order = highestFirst(scores);
  return { scores, order, byPool: groupedOrder(order, rows.poolOf, rows.poolCount) };
}

/** @param blockWeights how often each block counts; once each when undefined. */
export function rankingMetrics(
  ranked: RankedScores,
  rows: JudgedRows,
  blockWeights?: Float64Array,
): RankingMetrics {
  const weights = blockWeights ?? new Float64Array(rows.blockCount).fill(1);
  const all = curveAreas(ranked.order, 0, ranked.order.length, ranked.scores, rows, weights);
  let right = 0;
  let pairs = 0;
  const { order, starts } = ranked.byPool;
  for (let pool = 0; pool < rows.poolCount; pool += 1) {
    const areas = curveAreas(order, starts[pool] ?? 0, starts[pool + 1] ?? 0, ranked.scores, rows, weights);
    right += areas.rightPairs;
    pairs += areas.pairs;
  }
  return {
    prAuc: all.precisionArea,
    rocAuc: all.pairs > 0 ? all.rightPairs / all.pairs : Number.NaN,
    withinPoolAuc: pairs > 0 ? right / pairs : Number.NaN,
  };
}

function curveAreas(
  order: Uint32Array,
  from: number,
  to: number,
  scores: Float32Array,
  rows: JudgedRows,
  weights: Float64Array,
): { precisionArea: number; rightPairs: number; pairs: number } {
  const { labels, blockOf } = rows;
  let ones = 0;
  let zeros = 0;
  let area = 0;
  let rightPairs = 0;
  let tiedOnes = 0;
  let tiedZeros = 0;
  for (let index = from; index < to; index += 1) {
    const row = order[index] ?? 0;
    const weight = weights[blockOf[row] ?? 0] ?? 0;
    if (labels[row] === 1) tiedOnes += weight;
    else tiedZeros += weight;
    const next = index + 1 < to ? order[index + 1] : undefined;
    if (next !== undefined && scores[next] === scores[row]) continue;
    rightPairs += tiedZeros * (ones + tiedOnes / 2);
    ones += tiedOnes;
    zeros += tiedZeros;
    if (tiedOnes > 0) area += tiedOnes * (ones / (ones + zeros));
    tiedOnes = 0;
    tiedZeros = 0;
  }
  return { precisionArea: ones > 0 ? area / ones : Number.NaN, rightPairs, pairs: ones * zeros };
}

export interface CurvePoint {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly falsePositiveRate: number;
}

/** About `points` points of the precision–recall and ROC curves, from the highest threshold down. */
export function curvePoints(ranked: RankedScores, labels: Uint8Array, points = 200): CurvePoint[] {
  const { order, scores } = ranked;
  const allOnes = labels.reduce((sum, label) => sum + label, 0);
  const allZeros = labels.length - allOnes;
  const curve: CurvePoint[] = [];
  let ones = 0;
  let lastStep = -1;
  for (let index = 0; index < order.length; index += 1) {
    const row = order[index] ?? 0;
    ones += labels[row] ?? 0;
    const next = order[index + 1];
    if (next !== undefined && scores[next] === scores[row]) continue;
    const zeros = index + 1 - ones;
    const step = Math.floor((points / 2) * (ones / allOnes + zeros / allZeros));
    if (step === lastStep && next !== undefined) continue;
    lastStep = step;
    curve.push({
      threshold: scores[row] ?? 0,
      precision: ones / (index + 1),
      recall: ones / allOnes,
      falsePositiveRate: zeros / allZeros,
    });
  }
  return curve;
}

/** The highest precision among thresholds that find at least `recall` of the unstable rows. */
export function precisionAtRecall(ranked: RankedScores, labels: Uint8Array, recall: number): number {
  const { order, scores } = ranked;
  const wanted = recall * labels.reduce((sum, label) => sum + label, 0);
  let ones = 0;
  let best = 0;
  for (let index = 0; index < order.length; index += 1) {
    const row = order[index] ?? 0;
    ones += labels[row] ?? 0;
    const next = order[index + 1];
    if (next !== undefined && scores[next] === scores[row]) continue;
    if (ones >= wanted) best = Math.max(best, ones / (index + 1));
  }
  return best;
}

/** The threshold of the largest F1, and that F1; a row at the threshold counts as called unstable. */
export function bestF1(
  ranked: RankedScores,
  labels: Uint8Array,
): { readonly threshold: number; readonly f1: number } {
  const { order, scores } = ranked;
  const all = labels.reduce((sum, label) => sum + label, 0);
  let ones = 0;
  let best = { threshold: 1, f1: 0 };
  for (let index = 0; index < order.length; index += 1) {
    const row = order[index] ?? 0;
    ones += labels[row] ?? 0;
    const next = order[index + 1];
    if (next !== undefined && scores[next] === scores[row]) continue;
    const f1 = (2 * ones) / (index + 1 + all);
    if (f1 > best.f1) best = { threshold: scores[row] ?? 1, f1 };
  }
  return best;
}

export function f1At(scores: Float32Array, labels: Uint8Array, threshold: number): number {
  let called = 0;
  let right = 0;
  let all = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const label = labels[row] ?? 0;
    all += label;
    if ((scores[row] ?? 0) < threshold) continue;
    called += 1;
    right += label;
  }
  return called + all > 0 ? (2 * right) / (called + all) : 0;
}
