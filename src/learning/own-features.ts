import type { PoolColumns } from './feature-names.ts';
import { hourMs } from './price-lattice.ts';
import type { PriceLattice } from './price-lattice.ts';

/** Writes what a pool's own last seven days say, for every pool. */
export function writeOwnFeatures(lattice: PriceLattice, atMs: number, out: PoolColumns): void {
  writeReturns(lattice, out);
  writeWeek(lattice, out);
  writeRange(lattice, out);
  const now = lattice.price(0);
  const changedAtMs = lattice.changedAtMs();
  for (let pool = 0; pool < now.length; pool += 1) {
    out.tick_size[pool] = 0.0001 / (now[pool] ?? Number.NaN);
    out.hours_since_change[pool] = Math.min((atMs - (changedAtMs[pool] ?? Number.NaN)) / hourMs, 168);
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

function writeWeek(lattice: PriceLattice, out: PoolColumns): void {
  out.volatility_24h.set(lattice.week('volatility24h'));
  out.volatility_7d.set(lattice.week('volatility7d'));
  out.changes_24h.set(lattice.week('changes24h'));
  out.changes_7d.set(lattice.week('changes7d'));
  out.max_move_24h.set(lattice.week('highestMove24h'));
  out.max_move_7d.set(lattice.week('highestMove7d'));
  out.max_drop_7d.set(lattice.week('largestDrop7d'));
  out.max_return_24h_7d.set(lattice.week('highestDayReturn'));
  out.past_rise_share_7d.set(lattice.week('riseShare'));
  const aboveThree = lattice.week('stepsAbove3pct');
  const aboveOne = lattice.week('stepsAbove1pct');
  for (let pool = 0; pool < aboveOne.length; pool += 1) {
    out.hours_above_3pct[pool] = 6 * (aboveThree[pool] ?? 0);
    out.hours_above_1pct[pool] = 6 * (aboveOne[pool] ?? 0);
  }
}

function writeRange(lattice: PriceLattice, out: PoolColumns): void {
  const now = lattice.price(0);
  const tops = lattice.week('top');
  const bottoms = lattice.week('bottom');
  for (let pool = 0; pool < now.length; pool += 1) {
    const price = now[pool] ?? Number.NaN;
    const top = tops[pool] ?? Number.NaN;
    const bottom = bottoms[pool] ?? Number.NaN;
    out.price_position[pool] = top > bottom ? (price - bottom) / (top - bottom) : 0.5;
    out.drawdown_7d[pool] = Math.log(top / price);
    out.rise_7d[pool] = Math.log(price / bottom);
  }
}
