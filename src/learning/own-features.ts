import type { PoolColumns } from './features.ts';
import { hourMs, stepCount } from './price-lattice.ts';
import type { PriceLattice } from './price-lattice.ts';

/** A 24-hour return is one over four steps. */
const daySteps = 4;
const ages = stepCount - daySteps + 1;
export const threePercent = Math.log(1.03) - 1e-9;
export const onePercent = Math.log(1.01) - 1e-9;

/** Writes what a pool's own last seven days say, for every pool. */
export function writeOwnFeatures(lattice: PriceLattice, atMs: number, out: PoolColumns): void {
  writeReturns(lattice, out);
  writeMoves(lattice, out);
  writeDayReturns(lattice, out);
  writeRange(lattice, out);
  const now = lattice.price(0);
  for (let pool = 0; pool < now.length; pool += 1) {
    out.tick_size[pool] = 0.0001 / (now[pool] ?? Number.NaN);
    out.hours_since_change[pool] = Math.min((atMs - lattice.changedAtMs(pool)) / hourMs, 168);
  }
}

function writeReturns(lattice: PriceLattice, out: PoolColumns): void {
  const now = lattice.logPrice(0);
  const spans = [
    [1, out.return_6h],
    [2, out.return_12h],
    [3, out.return_18h],
    [4, out.return_24h],
    [6, out.return_36h],
    [8, out.return_48h],
    [12, out.return_72h],
    [28, out.return_168h],
  ] as const;
  for (const [steps, column] of spans) {
    const then = lattice.logPrice(steps);
    for (let pool = 0; pool < now.length; pool += 1) column[pool] = (now[pool] ?? 0) - (then[pool] ?? 0);
  }
}

function writeMoves(lattice: PriceLattice, out: PoolColumns): void {
  const squares = out.volatility_7d.fill(0);
  const changes = out.changes_7d.fill(0);
  const highest = out.max_move_7d.fill(Number.NEGATIVE_INFINITY);
  const lowest = out.max_drop_7d.fill(Number.POSITIVE_INFINITY);
  for (let step = 0; step < stepCount; step += 1) {
    const later = lattice.logPrice(step);
    const earlier = lattice.logPrice(step + 1);
    for (let pool = 0; pool < later.length; pool += 1) {
      const move = (later[pool] ?? 0) - (earlier[pool] ?? 0);
      squares[pool] = (squares[pool] ?? 0) + move * move;
      if (move !== 0) changes[pool] = (changes[pool] ?? 0) + 1;
      if (move > (highest[pool] ?? 0)) highest[pool] = move;
      if (move < (lowest[pool] ?? 0)) lowest[pool] = move;
    }
    if (step !== daySteps - 1) continue;
    out.volatility_24h.set(squares);
    out.changes_24h.set(changes);
    out.max_move_24h.set(highest);
  }
  for (let pool = 0; pool < squares.length; pool += 1) {
    squares[pool] = Math.sqrt(squares[pool] ?? 0);
    out.volatility_24h[pool] = Math.sqrt(out.volatility_24h[pool] ?? 0);
    lowest[pool] = -(lowest[pool] ?? 0);
  }
}

/** What the 24-hour return was at each step of the seven days, oldest first, so that an age ends as the most recent one. */
function writeDayReturns(lattice: PriceLattice, out: PoolColumns): void {
  const highest = out.max_return_24h_7d.fill(Number.NEGATIVE_INFINITY);
  const aboveThree = out.hours_above_3pct.fill(ages);
  const aboveOne = out.hours_above_1pct.fill(ages);
  const rises = out.past_rise_share_7d.fill(0);
  for (let step = ages - 1; step >= 0; step -= 1) {
    const later = lattice.logPrice(step);
    const earlier = lattice.logPrice(step + daySteps);
    for (let pool = 0; pool < later.length; pool += 1) {
      const gain = (later[pool] ?? 0) - (earlier[pool] ?? 0);
      if (gain > (highest[pool] ?? 0)) highest[pool] = gain;
      if (gain < threePercent) aboveThree[pool] = step;
      else rises[pool] = (rises[pool] ?? 0) + 1;
      if (gain < onePercent) aboveOne[pool] = step;
    }
  }
  for (let pool = 0; pool < highest.length; pool += 1) {
    aboveThree[pool] = 6 * (aboveThree[pool] ?? 0);
    aboveOne[pool] = 6 * (aboveOne[pool] ?? 0);
    rises[pool] = (rises[pool] ?? 0) / ages;
  }
}

function writeRange(lattice: PriceLattice, out: PoolColumns): void {
  const now = lattice.price(0);
  const high = out.drawdown_7d;
  const low = out.rise_7d;
  high.set(lattice.price(stepCount));
  low.set(lattice.price(stepCount));
  for (let step = 0; step < stepCount; step += 1) {
    const highs = lattice.high(step);
    const lows = lattice.low(step);
    for (let pool = 0; pool < now.length; pool += 1) {
      const up = highs[pool] ?? 0;
      const down = lows[pool] ?? 0;
      if (up > (high[pool] ?? 0)) high[pool] = up;
      if (down < (low[pool] ?? 0)) low[pool] = down;
    }
  }
  for (let pool = 0; pool < now.length; pool += 1) {
    const price = now[pool] ?? Number.NaN;
    const top = high[pool] ?? Number.NaN;
    const bottom = low[pool] ?? Number.NaN;
    out.price_position[pool] = top > bottom ? (price - bottom) / (top - bottom) : 0.5;
    high[pool] = Math.log(top / price);
    low[pool] = Math.log(price / bottom);
  }
}
