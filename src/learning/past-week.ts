/** Prices are looked at every six hours; a week has this many steps of them. */
export const stepCount = 28;
/** A 24-hour return is one over four steps. */
const daySteps = 4;
/** So many 24-hour returns end within a week that holds the whole of each. */
const dayReturns = stepCount - daySteps + 1;

export const threePercent = Math.log(1.03) - 1e-9;
export const onePercent = Math.log(1.01) - 1e-9;

/** One pool's prices at every six hours, oldest first. A cell tells of the six hours that end with it. */
export interface PriceRow {
  /** USD per hour, in force at the cell's end. */
  readonly price: Float64Array;
  readonly logPrice: Float64Array;
  /** The highest price that came into force in the six hours; −∞ when none did. */
  readonly high: Float64Array;
  /** The lowest; ∞ when none did. */
  readonly low: Float64Array;
}

/** What the seven days before a cell held; moves are the logarithms of six-hour price ratios, day returns of 24-hour ones. */
export const weekFacts = [
  /** Root of the summed squares of the moves. */
  'volatility24h',
  'volatility7d',
  /** Moves that were none. */
  'changes24h',
  'changes7d',
  'highestMove24h',
  'highestMove7d',
  /** The opposite of the lowest move. */
  'largestDrop7d',
  'highestDayReturn',
  /** Steps since the day return was under 3 %, and under 1 %; as many as there are day returns when it never was. */
  'stepsAbove3pct',
  'stepsAbove1pct',
  /** The share of day returns of 3 % or more. */
  'riseShare',
  /** The highest and lowest price in force at any time of the seven days. */
  'top',
  'bottom',
] as const;

export type WeekFact = (typeof weekFacts)[number];

/** Reads a row's weeks, cell by cell, in a time that does not grow with the week's length but for the sums of squares. */
export class PastWeeks {
  readonly #cells: number;
  readonly #move: Float64Array;
  readonly #drop: Float64Array;
  readonly #square: Float64Array;
  readonly #dayReturn: Float64Array;
  readonly #changes: Float64Array;
  readonly #rises: Float64Array;
  readonly #suffix: Float64Array;
  /** Per fact, a value for each cell of the row that was read last; none for the cells whose week the row does not hold. */
  readonly facts: Readonly<Record<WeekFact, Float64Array>>;

  /** @param cells the most that a row has. */
  constructor(cells: number) {
    const column = (): Float64Array => new Float64Array(cells);
    this.#cells = cells;
    this.#move = column();
    this.#drop = column();
    this.#square = column();
    this.#dayReturn = column();
    this.#changes = column();
    this.#rises = column();
    this.#suffix = column();
    const facts: Partial<Record<WeekFact, Float64Array>> = {};
    for (const fact of weekFacts) facts[fact] = column();
    this.facts = facts as Record<WeekFact, Float64Array>;
  }

  /** Fills {@link facts} for the row's cells from `stepCount` to before `cells`. */
  read(row: PriceRow, cells = this.#cells): void {
    this.#readMoves(row.logPrice, cells);
    this.#readDayReturns(row.logPrice, cells);
    this.#readRange(row, cells);
  }

  #readMoves(logPrice: Float64Array, cells: number): void {
    const move = this.#move;
    const drop = this.#drop;
    const square = this.#square;
    const changes = this.#changes;
    let changed = 0;
    for (let cell = 1; cell < cells; cell += 1) {
      const moved = (logPrice[cell] ?? 0) - (logPrice[cell - 1] ?? 0);
      move[cell] = moved;
      drop[cell] = -moved;
      square[cell] = moved * moved;
      if (moved !== 0) changed += 1;
      changes[cell] = changed;
    }
    const { volatility24h, volatility7d, changes24h, changes7d, highestMove24h } = this.facts;
    for (let cell = stepCount; cell < cells; cell += 1) {
      // The newest first: a sum in another order would differ in its last bits from cell to cell.
      let squares = 0;
      for (let at = cell; at > cell - daySteps; at -= 1) squares += square[at] ?? 0;
      volatility24h[cell] = Math.sqrt(squares);
      for (let at = cell - daySteps; at > cell - stepCount; at -= 1) squares += square[at] ?? 0;
      volatility7d[cell] = Math.sqrt(squares);
      const changesNow = changes[cell] ?? 0;
      changes24h[cell] = changesNow - (changes[cell - daySteps] ?? 0);
      changes7d[cell] = changesNow - (changes[cell - stepCount] ?? 0);
      let highest = move[cell] ?? 0;
      for (let at = cell - 1; at > cell - daySteps; at -= 1) highest = Math.max(highest, move[at] ?? 0);
      highestMove24h[cell] = highest;
    }
    this.#trailingHighest(move, 1, cells, stepCount, this.facts.highestMove7d);
    this.#trailingHighest(drop, 1, cells, stepCount, this.facts.largestDrop7d);
  }

  #readDayReturns(logPrice: Float64Array, cells: number): void {
    const dayReturn = this.#dayReturn;
    const rises = this.#rises;
    const { stepsAbove3pct, stepsAbove1pct, riseShare } = this.facts;
    let underThree = Number.NEGATIVE_INFINITY;
    let underOne = Number.NEGATIVE_INFINITY;
    let risen = 0;
    rises[daySteps - 1] = 0;
    for (let cell = daySteps; cell < cells; cell += 1) {
      const gain = (logPrice[cell] ?? 0) - (logPrice[cell - daySteps] ?? 0);
      dayReturn[cell] = gain;
      if (gain < threePercent) underThree = cell;
      else risen += 1;
      if (gain < onePercent) underOne = cell;
      rises[cell] = risen;
      if (cell < stepCount) continue;
      stepsAbove3pct[cell] = Math.min(cell - underThree, dayReturns);
      stepsAbove1pct[cell] = Math.min(cell - underOne, dayReturns);
      riseShare[cell] = (risen - (rises[cell - dayReturns] ?? 0)) / dayReturns;
    }
    this.#trailingHighest(dayReturn, daySteps, cells, dayReturns, this.facts.highestDayReturn);
  }

  #readRange({ price, high, low }: PriceRow, cells: number): void {
    const { top, bottom } = this.facts;
    const opposite = this.#drop;
    for (let cell = 1; cell < cells; cell += 1) opposite[cell] = -(low[cell] ?? 0);
    this.#trailingHighest(high, 1, cells, stepCount, top);
    this.#trailingHighest(opposite, 1, cells, stepCount, bottom);
    for (let cell = stepCount; cell < cells; cell += 1) {
      const opening = price[cell - stepCount] ?? 0;
      top[cell] = Math.max(top[cell] ?? 0, opening);
      bottom[cell] = Math.min(-(bottom[cell] ?? 0), opening);
    }
  }

  /**
   * The highest of the `span` values that end at each cell. Values are cut into blocks of `span`: a window is the end of one
   * block and the beginning of the next, and both are looked up (van Herk 1992).
   */
  #trailingHighest(values: Float64Array, from: number, to: number, span: number, out: Float64Array): void {
    const suffix = this.#suffix;
    for (let block = from; block < to; block += span) {
      let highest = Number.NEGATIVE_INFINITY;
      for (let at = Math.min(block + span, to) - 1; at >= block; at -= 1) {
        highest = Math.max(highest, values[at] ?? 0);
        suffix[at] = highest;
      }
      highest = Number.NEGATIVE_INFINITY;
      for (let at = block; at < Math.min(block + span, to); at += 1) {
        highest = Math.max(highest, values[at] ?? 0);
        if (at >= from + span - 1) out[at] = Math.max(highest, suffix[at - span + 1] ?? 0);
      }
    }
  }
}
