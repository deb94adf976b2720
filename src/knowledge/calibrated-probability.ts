import type { CalibrationTable } from '../ports/model-card.ts';

/** The probability (0..1) of a raw score: linear between the table's points, that of the nearest point outside them. */
export function calibratedProbability(table: CalibrationTable, score: number): number {
  const { points } = table;
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? Infinity) <= score) low = middle;
    else high = middle;
  }
  const [fromScore, from] = points[low] ?? [0, 0];
  const [toScore, to] = points[high] ?? [0, 0];
  if (score <= fromScore || toScore === fromScore) return from;
  if (score >= toScore) return to;
  return from + ((to - from) * (score - fromScore)) / (toScore - fromScore);
}
