import type { PriceSeries } from './price-series.ts';

export const hourMs = 3_600_000;
/** Prices are looked at every six hours, counted back from the moment of the question. */
export const stepMs = 6 * hourMs;
/** Seven days of steps. */
export const stepCount = 28;
/** Nothing older than this is looked at; a pool that is younger has no features. */
export const lookbackMs = stepCount * stepMs;

/** One more slot than steps: the price in force when the window opens is needed as well. */
const slotCount = stepCount + 1;

/**
 * The last seven days of every pool, seen from one moment: the price in force at the moment and at every six hours before it,
 * and the extremes between. History sampled four times a day and history of exact changes look alike through it.
 *
 * It moves forward in time only. A move of exactly one step costs the new changes; any other move replays seven days, so both
 * ways give the same numbers.
 */
export class PriceLattice {
  readonly #series: readonly PriceSeries[];
  readonly #poolCount: number;
  readonly #cursor: Int32Array;
  readonly #carried: Float64Array;
  readonly #absent: Uint8Array;
  readonly #changedAtMs: Float64Array;
  readonly #rings: readonly {
    price: Float64Array;
    logPrice: Float64Array;
    high: Float64Array;
    low: Float64Array;
    absent: Uint8Array;
  }[];
  #head = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(series: readonly PriceSeries[]) {
    const count = series.length;
    this.#series = series;
    this.#poolCount = count;
    this.#cursor = new Int32Array(count);
    this.#carried = new Float64Array(count);
    this.#absent = new Uint8Array(count);
    this.#changedAtMs = new Float64Array(count);
    this.#rings = Array.from({ length: slotCount }, () => ({
      price: new Float64Array(count),
      logPrice: new Float64Array(count),
      high: new Float64Array(count),
      low: new Float64Array(count),
      absent: new Uint8Array(count),
    }));
  }

  /** Moves to `atMs`, which must not lie before the last call's. */
  moveTo(atMs: number): void {
    if (atMs !== this.#atMs + stepMs) {
      this.#seat(atMs - lookbackMs);
      for (let step = stepCount - 1; step > 0; step -= 1) this.#advance(atMs - step * stepMs);
    }
    this.#advance(atMs);
    this.#atMs = atMs;
  }

  /** True when the pool has a price now and had one just seven days ago. */
  isKnown(pool: number): boolean {
    return this.#slot(0).absent[pool] === 0 && this.#slot(stepCount).absent[pool] === 0;
  }

  /** Per pool, the price in force `steps` × 6 h ago, 0 ≤ steps ≤ 28. Holds until the next move. */
  price(steps: number): Float64Array {
    return this.#slot(steps).price;
  }

  /** Per pool, the natural logarithm of {@link price}. */
  logPrice(steps: number): Float64Array {
    return this.#slot(steps).logPrice;
  }

  /** Per pool, the highest price that came into force in the step that ended `steps` × 6 h ago; −∞ when none did. */
  high(steps: number): Float64Array {
    return this.#slot(steps).high;
  }

  /** As {@link high}, the lowest; ∞ when none did. */
  low(steps: number): Float64Array {
    return this.#slot(steps).low;
  }

  /** When the pool's price last changed, as far as the seven days tell; −∞ otherwise. */
  changedAtMs(pool: number): number {
    return this.#changedAtMs[pool] ?? Number.NEGATIVE_INFINITY;
  }

  /** When the source last said anything new of the pool. */
  observedAtMs(pool: number): number {
    return this.#series[pool]?.atMs[this.#cursor[pool] ?? -1] ?? Number.NEGATIVE_INFINITY;
  }

  #slot(steps: number) {
    const slot = this.#rings[(this.#head - steps + slotCount) % slotCount];
    if (slot === undefined) throw new RangeError(`no step ${steps} in a window of ${stepCount}`);
    return slot;
  }

  #seat(atMs: number): void {
    this.#head = (this.#head + 1) % slotCount;
    const slot = this.#slot(0);
    for (let pool = 0; pool < this.#poolCount; pool += 1) {
      const series = this.#series[pool];
      if (series === undefined) continue;
      const cursor = lastAtOrBefore(series.atMs, atMs);
      let priced = cursor;
      while (priced >= 0 && Number.isNaN(series.pricePerHour[priced])) priced -= 1;
      const price = series.pricePerHour[priced] ?? Number.NaN;
      this.#cursor[pool] = cursor;
      this.#carried[pool] = price;
      const absent = priced >= 0 && priced === cursor ? 0 : 1;
      this.#absent[pool] = absent;
      slot.absent[pool] = absent;
      this.#changedAtMs[pool] = Number.NEGATIVE_INFINITY;
      slot.price[pool] = price;
      slot.logPrice[pool] = Math.log(price);
    }
  }

  #advance(atMs: number): void {
    const before = this.#slot(0);
    this.#head = (this.#head + 1) % slotCount;
    const slot = this.#slot(0);
    for (let pool = 0; pool < this.#poolCount; pool += 1) {
      const series = this.#series[pool];
      if (series === undefined) continue;
      const { atMs: times, pricePerHour: prices } = series;
      const start = this.#cursor[pool] ?? 0;
      let next = start + 1;
      let price = this.#carried[pool] ?? Number.NaN;
      let high = Number.NEGATIVE_INFINITY;
      let low = Number.POSITIVE_INFINITY;
      let changedAtMs = Number.NEGATIVE_INFINITY;
      for (let at = times[next]; at !== undefined && at <= atMs; at = times[next]) {
        const now = prices[next] ?? Number.NaN;
        next += 1;
        if (now !== now) continue;
        if (now !== price) changedAtMs = at;
        price = now;
        if (now > high) high = now;
        if (now < low) low = now;
      }
      slot.high[pool] = high;
      slot.low[pool] = low;
      slot.price[pool] = price;
      if (next - 1 > start) {
        const last = prices[next - 1] ?? Number.NaN;
        this.#absent[pool] = last !== last ? 1 : 0;
        this.#cursor[pool] = next - 1;
        this.#carried[pool] = price;
        if (changedAtMs > Number.NEGATIVE_INFINITY) this.#changedAtMs[pool] = changedAtMs;
        slot.logPrice[pool] = Math.log(price);
      } else {
        slot.logPrice[pool] = before.logPrice[pool] ?? Number.NaN;
      }
      slot.absent[pool] = this.#absent[pool] ?? 1;
    }
  }
}

/** The index of the last time at or before `atMs`; −1 when there is none. Times ascend. */
export function lastAtOrBefore(times: Float64Array, atMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
