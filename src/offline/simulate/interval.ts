/** A mean and the 95 % interval around it, by Student's t over independent repetitions. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Student's t, 97.5 %, by degrees of freedom 1..30. */
const studentT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const;

export function intervalOf(values: readonly number[]): Interval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, low: -Infinity, high: Infinity };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const half = (studentT[count - 2] ?? 1.96) * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half };
}

/** The same within what the figure can be at all: a count is never below 0, a share never above 1. */
export function bounded({ mean, low, high }: Interval, least: number, most: number): Interval {
  const within = (value: number): number => Math.min(most, Math.max(least, value));
  return { mean: within(mean), low: within(low), high: within(high) };
}
