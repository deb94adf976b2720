import { PastWeeks, stepCount, weekFacts } from './past-week.ts';
import type { PriceRow, WeekFact } from './past-week.ts';
import type { PriceSeries } from './price-series.ts';

export const hourMs = 3_600_000;
/** Prices are looked at every six hours, counted back from the moment of the question. */
export const stepMs = 6 * hourMs;
/** Nothing older than this is looked at; a pool that is younger has no features. */
export const lookbackMs = stepCount * stepMs;

/** So many moments, each six hours after the one before, are laid out together: a pool's changes are then read in one go. */
const mostMoments = 28;

/**
 * The last seven days of every pool, seen from one moment after another: the price in force at the moment and at every six hours
 * before it, and what happened between. History sampled four times a day and history of exact changes look alike through it.
 *
 * Moments that follow one another by six hours are laid out together, others each alone: the same numbers stand there.
 * What a reader is given per pool holds until the next move.
 */
export class PriceLattice {
  readonly #series: readonly PriceSeries[];
  readonly #timesMs: Float64Array;
  readonly #weeks: PastWeeks;
  readonly #row: LatticeRow;
  readonly #price: Cells;
  readonly #logPrice: Cells;
  readonly #absent: Cells;
  readonly #changedAtMs: Cells;
  readonly #observedAtMs: Cells;
  readonly #facts: Readonly<Record<WeekFact, Cells>>;
  /** The moments that are laid out: from this position in the times to before that one. */
  #laidFrom = 0;
  #laidTo = 0;
  /** Where it stands among them. */
  #moment = 0;

  /** @param timesMs the moments to stand at, ascending. */
  constructor(series: readonly PriceSeries[], timesMs: Float64Array) {
    const moments = Math.min(mostMoments, timesMs.length);
    const length = stepCount + moments;
    const ofCells = (): Cells => emptyCells(length, series.length);
    const ofMoments = (): Cells => emptyCells(moments, series.length);
    this.#series = series;
    this.#timesMs = timesMs;
    this.#weeks = new PastWeeks(length);
    this.#row = emptyRow(length);
    this.#price = ofCells();
    this.#logPrice = ofCells();
    this.#absent = ofCells();
    this.#changedAtMs = ofMoments();
    this.#observedAtMs = ofMoments();
    const facts: Partial<Record<WeekFact, Cells>> = {};
    for (const fact of weekFacts) facts[fact] = ofMoments();
    this.#facts = facts as Record<WeekFact, Cells>;
  }

  /** Stands at the moment at this position of the times. */
  moveTo(time: number): void {
    if (time < this.#laidFrom || time >= this.#laidTo) this.#layFrom(time);
    this.#moment = time - this.#laidFrom;
  }

  /** Per pool, the price in force `steps` × 6 h ago, 0 ≤ steps ≤ 28. */
  price(steps: number): Float64Array {
    return columnAt(this.#price, stepCount + this.#moment - steps);
  }

  /** Per pool, the natural logarithm of {@link price}. */
  logPrice(steps: number): Float64Array {
    return columnAt(this.#logPrice, stepCount + this.#moment - steps);
  }

  /** Per pool, 1 when it had no price `steps` × 6 h ago, else 0. */
  absent(steps: number): Float64Array {
    return columnAt(this.#absent, stepCount + this.#moment - steps);
  }

  /** Per pool, what the seven days held. Says nothing of a pool that had no price when they began. */
  week(fact: WeekFact): Float64Array {
    return columnAt(this.#facts[fact], this.#moment);
  }

  /** Per pool, when the price last changed, as far as the seven days tell; −∞ otherwise. */
  changedAtMs(): Float64Array {
    return columnAt(this.#changedAtMs, this.#moment);
  }

  /** Per pool, when the source last said anything new of it; −∞ when it never did. */
  observedAtMs(): Float64Array {
    return columnAt(this.#observedAtMs, this.#moment);
  }

  #layFrom(time: number): void {
    const times = this.#timesMs;
    const first = times[time];
    if (first === undefined) throw new RangeError(`no moment ${time} among ${times.length}`);
    let last = time;
    while (last - time < mostMoments - 1 && times[last + 1] === (times[last] ?? NaN) + stepMs) last += 1;
    this.#laidFrom = time;
    this.#laidTo = last + 1;
    const cells = stepCount + 1 + last - time;
    for (let pool = 0; pool < this.#series.length; pool += 1) {
      const series = this.#series[pool];
      if (series === undefined) continue;
      readRow(series, first - lookbackMs, cells, this.#row);
      this.#weeks.read(this.#row, cells);
      this.#layRow(pool, cells);
    }
  }

  /** Puts the row into columns, which are then read pool by pool. */
  #layRow(pool: number, cells: number): void {
    const row = this.#row;
    lay(row.price, 0, cells, this.#price, pool);
    lay(row.logPrice, 0, cells, this.#logPrice, pool);
    lay(row.absent, 0, cells, this.#absent, pool);
    lay(row.changedAtMs, stepCount, cells, this.#changedAtMs, pool);
    lay(row.observedAtMs, stepCount, cells, this.#observedAtMs, pool);
    for (const fact of weekFacts) lay(this.#weeks.facts[fact], stepCount, cells, this.#facts[fact], pool);
  }
}

/** A value for each cell, or each moment, and pool. */
interface Cells {
  readonly pools: number;
  /** One cell's pools after the other's. */
  readonly all: Float64Array;
  /** The same values, a view for each cell. */
  readonly columns: readonly Float64Array[];
}

function emptyCells(length: number, pools: number): Cells {
  const all = new Float64Array(length * pools);
  const columns = Array.from({ length }, (_, cell) => all.subarray(cell * pools, (cell + 1) * pools));
  return { pools, all, columns };
}

function columnAt({ columns }: Cells, cell: number): Float64Array {
  const column = columns[cell];
  if (column === undefined) throw new RangeError(`the lattice has no cell ${cell} of ${columns.length}`);
  return column;
}

/** Puts [from, to) of a row into the pool's places of the first cells. */
function lay(row: Float64Array, from: number, to: number, { all, pools }: Cells, pool: number): void {
  for (let cell = from, at = pool; cell < to; cell += 1, at += pools) all[at] = row[cell] ?? 0;
}

interface LatticeRow extends PriceRow {
  readonly absent: Float64Array;
  readonly changedAtMs: Float64Array;
  readonly observedAtMs: Float64Array;
}

function emptyRow(cells: number): LatticeRow {
  const column = (): Float64Array => new Float64Array(cells);
  return {
    price: column(),
    logPrice: column(),
    high: column(),
    low: column(),
    absent: column(),
    changedAtMs: column(),
    observedAtMs: column(),
  };
}

/** Reads a pool's changes into a row of so many cells, the first of which is of `fromMs`. */
function readRow(series: PriceSeries, fromMs: number, cells: number, row: LatticeRow): void {
  const { atMs: times, pricePerHour: prices } = series;
  let next = lastAtOrBefore(times, fromMs) + 1;
  const priced = lastPriced(prices, next - 1, -1);
  let price = prices[priced] ?? Number.NaN;
  let logPrice = Math.log(price);
  let absent = priced >= 0 && priced === next - 1 ? 0 : 1;
  let observedAtMs = times[next - 1] ?? Number.NEGATIVE_INFINITY;
  let changedAtMs = Number.NEGATIVE_INFINITY;
  for (let cell = 0, untilMs = fromMs; cell < cells; cell += 1, untilMs += stepMs) {
    let high = Number.NEGATIVE_INFINITY;
    let low = Number.POSITIVE_INFINITY;
    const begin = next;
    while (next < times.length && (times[next] ?? Number.NaN) <= untilMs) {
      const now = prices[next] ?? Number.NaN;
      if (now > high) high = now;
      if (now < low) low = now;
      next += 1;
    }
    if (next > begin) {
      const changed = lastChanged(prices, begin, next, price);
      if (changed >= 0) changedAtMs = times[changed] ?? Number.NaN;
      const last = lastPriced(prices, next - 1, begin - 1);
      if (last >= begin) price = prices[last] ?? Number.NaN;
      absent = last === next - 1 ? 0 : 1;
      observedAtMs = times[next - 1] ?? Number.NaN;
      logPrice = Math.log(price);
    }
    row.price[cell] = price;
    row.logPrice[cell] = logPrice;
    row.high[cell] = high;
    row.low[cell] = low;
    row.absent[cell] = absent;
    row.changedAtMs[cell] = changedAtMs;
    row.observedAtMs[cell] = observedAtMs;
  }
}

/** Going back from `from`, the first position with a price; `before` when there is none after it. */
function lastPriced(prices: Float64Array, from: number, before: number): number {
  let at = from;
  while (at > before && Number.isNaN(prices[at])) at -= 1;
  return at;
}

/** The last of [begin, end) whose price is another than the one before it, absences left out; −1 when there is none. */
function lastChanged(prices: Float64Array, begin: number, end: number, priceBefore: number): number {
  let at = lastPriced(prices, end - 1, begin - 1);
  while (at >= begin) {
    const earlier = lastPriced(prices, at - 1, begin - 1);
    if (prices[at] !== (earlier < begin ? priceBefore : prices[earlier])) return at;
    at = earlier;
  }
  return -1;
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
