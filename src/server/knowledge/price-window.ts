import { poolKey, type PoolKey } from '../../decision/pool.ts';
import type { PriceSeries } from '../../learning/price-series.ts';

export interface PriceWindowLimits {
  /** Change points older than this are forgotten, but for the one in force at the window's start. */
  readonly spanMs: number;
  /** A pool keeps its newest points only, at most this many. */
  readonly maxPointsPerPool: number;
}

export interface ObservedPrice {
  /** USD. */
  readonly pricePerHour: number;
  /** When the market last said that this is the price. */
  readonly observedAtMs: number;
}

/** The prices of one or more regions over the last days, kept in memory and bounded. */
export interface PriceWindow {
  /** Takes what the market answered at `nowMs`; `whole` says that the answer covers the whole window. */
  readonly take: (region: string, answer: readonly PriceSeries[], nowMs: number, whole: boolean) => void;
  readonly series: () => readonly PriceSeries[];
  readonly latest: () => ReadonlyMap<PoolKey, ObservedPrice>;
}

interface Kept {
  readonly series: PriceSeries;
  readonly observedAtMs: number;
}

export const usualWindow: PriceWindowLimits = { spanMs: 8 * 86_400_000, maxPointsPerPool: 4_000 };

export function priceWindow(limits: PriceWindowLimits = usualWindow): PriceWindow {
  let kept: ReadonlyMap<PoolKey, Kept> = new Map();
  return {
    take(region, answer, nowMs, whole) {
      const next = new Map<PoolKey, Kept>();
      for (const [key, one] of kept) {
        const forgotten = nowMs - one.observedAtMs > limits.spanMs;
        if (!forgotten) next.set(key, one);
      }
      for (const one of answer) {
        if (one.atMs.length === 0 || one.region !== region) continue;
        const key = poolKey(one);
        const before = whole ? undefined : next.get(key)?.series;
        next.set(key, { series: trimmed(merged(before, one), nowMs, limits), observedAtMs: nowMs });
      }
      kept = next;
    },
    series: () => [...kept.values()].map(({ series }) => series),
    latest() {
      const prices = new Map<PoolKey, ObservedPrice>();
      for (const [key, { series, observedAtMs }] of kept) {
        const pricePerHour = series.pricePerHour.at(-1) ?? NaN;
        // NaN is how a series says that the pool is not offered now.
        if (pricePerHour > 0) prices.set(key, { pricePerHour, observedAtMs });
      }
      return prices;
    },
  };
}

/** Both series' points in order of time; of two at one time the newer answer's. */
function merged(before: PriceSeries | undefined, answer: PriceSeries): PriceSeries {
  if (before === undefined) return answer;
  const points = new Map<number, number>();
  for (const series of [before, answer])
    for (const [index, atMs] of series.atMs.entries()) points.set(atMs, series.pricePerHour[index] ?? NaN);
  const atMs = Float64Array.from(points.keys()).sort();
  return { ...answer, atMs, pricePerHour: atMs.map((at) => points.get(at) ?? NaN) };
}

function trimmed(series: PriceSeries, nowMs: number, limits: PriceWindowLimits): PriceSeries {
  const startMs = nowMs - limits.spanMs;
  const firstInside = series.atMs.findIndex((atMs) => atMs > startMs);
  const inForce = firstInside < 0 ? series.atMs.length - 1 : Math.max(0, firstInside - 1);
  const from = Math.max(inForce, series.atMs.length - limits.maxPointsPerPool);
  if (from === 0) return series;
  return { ...series, atMs: series.atMs.slice(from), pricePerHour: series.pricePerHour.slice(from) };
}
