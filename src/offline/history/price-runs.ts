export interface Settled {
  /** Epoch milliseconds, strictly ascending, and the price in force from each on; NaN: the pool is absent. */
  readonly atMs: Float64Array;
  readonly pricePerHour: Float64Array;
  /** Rows that say what was in force already. */
  readonly unchanged: number;
  readonly duplicate: number;
  readonly conflicting: number;
  readonly beforeSpan: number;
}

/** Rows were left out between which another price lies after all. They must be read again, and all be kept. */
export type Torn = 'torn';

/**
 * The rows of one pool in the order in which they come, those left out that cannot matter.
 *
 * Of a run of rows with one price the first and the last are kept. As long as nothing else lies between the two, the others say
 * what is in force anyway. A later row of ANOTHER price between them ends at the next of those that were left out, and which
 * that is is no longer known: the pool is torn. Rows of the same price in between change nothing. So what is told is exactly what
 * all rows together tell, or that it is not known; pools of which all rows are kept are never torn.
 */
export class PriceRuns {
  readonly #keepsAll: boolean;
  readonly #fromMs: number;
  #atMs = new Float64Array(16);
  #price = new Float64Array(16);
  /** 1: rows were left out between this one and the one that stands before it. */
  #hides = new Uint8Array(16);
  #count = 0;
  #isAscending = true;
  #isTorn = false;
  #unchanged = 0;
  #beforeSpan = 0;

  /** @param fromMs of what lies before it, only the latest row counts; −∞ for all. */
  constructor(keepsAll: boolean, fromMs: number) {
    this.#keepsAll = keepsAll;
    this.#fromMs = fromMs;
  }

  /** Rows that are held, fewer than were added; 0 when torn. */
  get count(): number {
    return this.#count;
  }

  /** @param price NaN: the pool is absent. */
  add(atMs: number, price: number): void {
    if (this.#isTorn) return;
    const last = this.#count - 1;
    const lastMs = this.#atMs[last] ?? -Infinity;
    if (last >= 0 && atMs <= this.#fromMs && lastMs <= this.#fromMs) {
      this.#beforeSpan += 1;
      if (atMs >= lastMs) this.#put(last, atMs, price);
      return;
    }
    if (last > 0 && !this.#keepsAll && this.#goesOn(last, atMs, price)) {
      this.#unchanged += 1;
      this.#atMs[last] = atMs;
      this.#hides[last] = 1;
      return;
    }
    if (this.#count === this.#atMs.length && this.#makeRoom() === 'torn') return;
    if (!(atMs > (this.#atMs[this.#count - 1] ?? -Infinity))) this.#isAscending = false;
    this.#put(this.#count, atMs, price);
    this.#hides[this.#count] = 0;
    this.#count += 1;
  }

  /** What the rows tell. Nothing can be added after it. */
  settled(): Settled | Torn {
    if (!this.#isAscending) this.#sort();
    if (this.#isTorn) return 'torn';
    const times = this.#atMs;
    const prices = this.#price;
    const tally = { unchanged: this.#unchanged, duplicate: 0, conflicting: 0, beforeSpan: this.#beforeSpan };
    let kept = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const at = times[index] ?? NaN;
      const price = prices[index] ?? NaN;
      const before = prices[kept - 1] ?? NaN;
      if (kept > 0 && times[kept - 1] === at) {
        tally[isSame(before, price) ? 'duplicate' : 'conflicting'] += 1;
        prices[kept - 1] = price;
      } else if (kept > 0 && isSame(before, price)) tally.unchanged += 1;
      else {
        times[kept] = at;
        prices[kept] = price;
        kept += 1;
      }
    }
    return { atMs: times.slice(0, kept), pricePerHour: prices.slice(0, kept), ...tally };
  }

  #put(index: number, atMs: number, price: number): void {
    this.#atMs[index] = atMs;
    this.#price[index] = price;
  }

  /** True when the row goes on where the last two go, up or down in time, at their price: the last is then neither end of the run. */
  #goesOn(last: number, atMs: number, price: number): boolean {
    if (!isSame(price, this.#price[last] ?? 0) || !isSame(price, this.#price[last - 1] ?? 0)) return false;
    const lastMs = this.#atMs[last] ?? NaN;
    const beforeMs = this.#atMs[last - 1] ?? NaN;
    return atMs > lastMs ? lastMs > beforeMs : atMs < lastMs && lastMs < beforeMs;
  }

  #makeRoom(): 'room' | Torn {
    if (!this.#isAscending && !this.#keepsAll) this.#sort();
    if (this.#isTorn) return 'torn';
    if (this.#count * 2 <= this.#atMs.length) return 'room';
    this.#atMs = doubled(this.#atMs, new Float64Array(this.#atMs.length * 2));
    this.#price = doubled(this.#price, new Float64Array(this.#price.length * 2));
    this.#hides = doubled(this.#hides, new Uint8Array(this.#hides.length * 2));
    return 'room';
  }

  /** Puts the rows in order of time, those of one time as they came, and leaves out what is then seen to repeat. */
  #sort(): void {
    const times = this.#atMs.slice(0, this.#count);
    const prices = this.#price.slice(0, this.#count);
    const hides = this.#hides.slice(0, this.#count);
    const order = stableOrder(times);
    if (liesBetween(times, prices, hides, order)) {
      this.#isTorn = true;
      this.#count = 0;
      return;
    }
    const start = firstWithin(times, order, this.#fromMs);
    this.#beforeSpan += start;
    this.#count = 0;
    this.#isAscending = true;
    for (let begin = start, end = start; begin < order.length; begin = end) {
      const price = prices[order[begin] ?? 0] ?? NaN;
      while (end < order.length && isSame(prices[order[end] ?? 0] ?? 0, price)) end += 1;
      this.#takeRun(times, hides, order.subarray(begin, end), price);
    }
  }

  /** Takes the rows of a run's first time and of its last. */
  #takeRun(times: Float64Array, hides: Uint8Array, run: Uint32Array, price: number): void {
    const firstMs = times[run[0] ?? 0] ?? NaN;
    const lastMs = times[run.at(-1) ?? 0] ?? NaN;
    let hidden = 0;
    for (const row of run) {
      const at = times[row] ?? NaN;
      if (hides[row] === 1 || hides[row + 1] === 1) hidden = 1;
      if (at > firstMs && at < lastMs) {
        this.#unchanged += 1;
        hidden = 1;
        continue;
      }
      const isFirstOfLast = at > firstMs && (this.#atMs[this.#count - 1] ?? NaN) < at;
      this.#hides[this.#count] = isFirstOfLast ? hidden : 0;
      if (!(at > (this.#atMs[this.#count - 1] ?? -Infinity))) this.#isAscending = false;
      this.#put(this.#count, at, price);
      this.#count += 1;
    }
  }
}

/** True when a row of another price lies where rows were left out. */
function liesBetween(
  times: Float64Array,
  prices: Float64Array,
  hides: Uint8Array,
  order: Uint32Array,
): boolean {
  let open = 0;
  let runPrice = NaN;
  for (const row of order) {
    const price = prices[row] ?? NaN;
    if (open > 0 && !isSame(price, runPrice)) return true;
    runPrice = price;
    const at = times[row] ?? NaN;
    // What was left out lies between the two rows, whichever of them is the earlier one.
    if (hides[row] === 1) open += (times[row - 1] ?? NaN) < at ? -1 : 1;
    if (hides[row + 1] === 1) open += (times[row + 1] ?? NaN) < at ? -1 : 1;
  }
  return false;
}

/** Where the latest of the rows at or before `fromMs` stands; 0 when there is none. */
function firstWithin(times: Float64Array, order: Uint32Array, fromMs: number): number {
  let start = 0;
  while (start + 1 < order.length && (times[order[start + 1] ?? 0] ?? NaN) <= fromMs) start += 1;
  return start;
}

function isSame(one: number, other: number): boolean {
  return one === other || (one !== one && other !== other);
}

function doubled<T extends Float64Array | Uint8Array>(values: T, more: T): T {
  more.set(values);
  return more;
}

/** Indices by time; rows of the same time stay in the order in which they came. */
function stableOrder(times: Float64Array): Uint32Array {
  const order = Uint32Array.from(times, (_, index) => index);
  const isSorted = times.every((at, index) => index === 0 || (times[index - 1] ?? NaN) <= at);
  return isSorted ? order : order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
}
