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
  /** Per place in the order: the row's block × 4, + 2 when it is unstable, + 1 when the next place has another score. */
  readonly places: Uint32Array;
  /** The same, the rows of each pool together. */
  readonly poolPlaces: Uint32Array;
  readonly poolStarts: Uint32Array;
}

export function rankedScores(scores: Float32Array, rows: JudgedRows): RankedScores {
  const order = highestFirst(scores);
  const byPool = groupedOrder(order, rows.poolOf, rows.poolCount);
  const ends = new Uint8Array(order.length);
  for (let pool = 1; pool <= rows.poolCount; pool += 1) {
    const end = (byPool.starts[pool] ?? 0) - 1;
    if (end >= 0) ends[end] = 1;
  }
  return {
    scores,
    order,
    places: placesOf(order, scores, rows),
    poolPlaces: placesOf(byPool.order, scores, rows, ends),
    poolStarts: byPool.starts,
  };
}

function placesOf(
  order: Uint32Array,
  scores: Float32Array,
  rows: JudgedRows,
  ends?: Uint8Array,
): Uint32Array {
  return order.map((row, index) => {
    const next = order[index + 1];
    const tied = next !== undefined && scores[next] === scores[row] && ends?.[index] !== 1;
    return 4 * (rows.blockOf[row] ?? 0) + 2 * (rows.labels[row] ?? 0) + (tied ? 0 : 1);
  });
}

/** @param blockWeights how often each block counts; once each when undefined. */
export function rankingMetrics(
  ranked: RankedScores,
  rows: JudgedRows,
  blockWeights?: Float64Array,
): RankingMetrics {
  const weights = blockWeights ?? new Float64Array(rows.blockCount).fill(1);
  const all = curveAreas(ranked.places, 0, ranked.places.length, weights);
  let right = 0;
  let pairs = 0;
  for (let pool = 0; pool < rows.poolCount; pool += 1) {
    const areas = curveAreas(
      ranked.poolPlaces,
      ranked.poolStarts[pool] ?? 0,
      ranked.poolStarts[pool + 1] ?? 0,
      weights,
    );
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
  places: Uint32Array,
  from: number,
  to: number,
  weights: Float64Array,
): { precisionArea: number; rightPairs: number; pairs: number } {
  let ones = 0;
  let zeros = 0;
  let area = 0;
  let rightPairs = 0;
  let tiedOnes = 0;
  let tiedZeros = 0;
  for (let index = from; index < to; index += 1) {
    const place = places[index] ?? 0;
    const weight = weights[place >>> 2] ?? 0;
    if ((place & 2) === 0) tiedZeros += weight;
    else tiedOnes += weight;
    if ((place & 1) === 0) continue;
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

/** What calling every score from the threshold on unstable gives, each 0..1. */
export interface CallsAt {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export function callsAt(scores: Float32Array, labels: Uint8Array, threshold: number): CallsAt {
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
  return {
    precision: called > 0 ? right / called : 0,
    recall: all > 0 ? right / all : 0,
    f1: called + all > 0 ? (2 * right) / (called + all) : 0,
  };
}
