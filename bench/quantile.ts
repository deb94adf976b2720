/** Nearest-rank quantile; 0 of no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)] ?? 0;
}

/** Milliseconds of each round; `warm` more come first, uncounted, for the compiler. */
export function elapsed(rounds: number, work: () => unknown, warm = 3): readonly number[] {
  const times: number[] = [];
  for (let round = -warm; round < rounds; round++) {
    const started = performance.now();
    work();
    if (round >= 0) times.push(performance.now() - started);
  }
  return times;
}
