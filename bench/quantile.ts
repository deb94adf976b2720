/** Nearest-rank quantile; 0 of no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)] ?? 0;
}

/** A clock in milliseconds; only differences count. */
export type Stopwatch = () => number;

export const wallMs: Stopwatch = () => performance.now();

/** What this thread has worked: a busy machine makes it wait, which is not counted. */
export const threadMs: Stopwatch = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/** Milliseconds of each round; `warm` more come first, uncounted, for the compiler. */
export function elapsed(
  rounds: number,
  work: () => unknown,
  warm = 3,
  stopwatch = wallMs,
): readonly number[] {
  const times: number[] = [];
  for (let round = -warm; round < rounds; round++) {
    const started = stopwatch();
    work();
    if (round >= 0) times.push(stopwatch() - started);
  }
  return times;
}
