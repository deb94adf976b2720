import type { DrySpells } from './dry-pools.ts';
import type { TraceSet } from './trace-archive.ts';

/** What traces say of how pools run short; every pool counts as much as the others. */
export interface DryFit extends DrySpells {
  /** Pools with ten spells or more. */
  readonly pools: number;
  /** Those of them that held several nodes: what `empty` is read off. */
  readonly severalNodes: number;
  /** 0..1, the mean share of the most that a pool held, while it had some and not all. */
  readonly partialShare: number;
}

const fewestSpells = 10;

/** Spells in which a pool has fewer nodes than it ever held. Undefined where no pool has ten of them. */
export function dryFit(sets: readonly TraceSet[]): DryFit | undefined {
  const pools = sets.flatMap(({ pools: all, tickMs }) =>
    all.flatMap(({ available }) => {
      const one = shortTimes(available, tickMs / 3_600_000);
      return one.hours.length < fewestSpells ? [] : one;
    }),
  );
  if (pools.length === 0) return undefined;
  const logs = pools.map(({ hours }) => hours.map(Math.log));
  const middles = logs.map(mean);
  const spread = logs.map((one, at) => mean(one.map((log) => (log - (middles[at] ?? 0)) ** 2)));
  const several = pools.filter(({ most }) => most > 1);
  return {
    pools: pools.length,
    severalNodes: several.length,
    share: mean(pools.map(({ share }) => share)),
    medianHours: Math.exp(mean(middles)),
    sigma: Math.sqrt(mean(spread)),
    empty: several.length === 0 ? 1 : mean(several.map(({ empty }) => empty)),
    partialShare: several.length === 0 ? 0 : mean(several.map(({ partial }) => partial)),
  };
}

interface ShortTimes {
  readonly most: number;
  readonly hours: readonly number[];
  readonly share: number;
  readonly empty: number;
  readonly partial: number;
}

function shortTimes(available: readonly number[], hoursOfTick: number): ShortTimes {
  const most = available.reduce((high, one) => Math.max(high, one), 0);
  const hours: number[] = [];
  const part: number[] = [];
  let ticks = 0;
  let empty = 0;
  let short = 0;
  for (const now of available) {
    if (now >= most) {
      if (ticks > 0) hours.push(ticks * hoursOfTick);
      ticks = 0;
      continue;
    }
    ticks += 1;
    short += 1;
    if (now > 0) part.push(now / most);
    else empty += 1;
  }
  return {
    most,
    hours,
    share: short / available.length,
    empty: short === 0 ? 1 : empty / short,
    partial: part.length === 0 ? 0.5 : mean(part),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
