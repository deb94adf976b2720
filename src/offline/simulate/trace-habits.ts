import { targetOf, type TraceSet } from './trace-archive.ts';

/** Hours since a pool's last interruption at which its hazard is measured. */
export const hoursSince = [0, 1, 2, 4, 8, 12, 24] as const;

/** What the pools of some traces have in common, whoever runs nodes in them. */
export interface TraceHabits {
  /** Pools with ten or more interruptions. */
  readonly pools: number;
  /**
   * For each of {@link hoursSince}: how many times as often as on its own average a pool is interrupted, so long after it last
   * was; the geometric mean over pools.
   */
  readonly afterInterruption: readonly number[];
  /** The longest mean time, over pools, from a pool's return to its next interruption, in hours. */
  readonly longestReturnHours: number;
  /** Of two pools of one set, how often the one that is empty more of the time is also interrupted more often. */
  readonly emptierIsRiskier: PairShare;
  /** Of two pools of one set, how often the one that was interrupted more often in the first half is so in the second. */
  readonly riskierStaysSo: PairShare;
  /** Interruptions an hour of a set's worst pool over those of its best; the median over sets. */
  readonly worstOverBest: number;
}

export interface PairShare {
  readonly pairs: number;
  readonly share: number;
}

interface PoolHabit {
  readonly set: TraceSet;
  readonly emptyShare: number;
  readonly perHour: number;
  readonly perHourOfHalves: readonly [first: number, second: number];
  readonly afterInterruption: readonly number[];
  readonly returnHours: number;
}

const fewestInterruptions = 10;
/** A launch that fails is tried again for so long. */
const patienceHours = 0.5;

export function traceHabits(sets: readonly TraceSet[]): TraceHabits {
  const pools = sets.flatMap(habitsOf);
  return {
    pools: pools.length,
    afterInterruption: hoursSince.map((_, lag) =>
      geometricMean(pools.map(({ afterInterruption }) => afterInterruption[lag] ?? Number.NaN)),
    ),
    longestReturnHours: Math.max(...pools.map(({ returnHours }) => returnHours)),
    emptierIsRiskier: agreeing(pools, ({ emptyShare, perHour }) => [emptyShare, perHour]),
    riskierStaysSo: agreeing(pools, ({ perHourOfHalves }) => perHourOfHalves),
    worstOverBest: median(
      sets.flatMap((set) => {
        const rates = pools.flatMap((one) => (one.set === set ? one.perHour : []));
        return rates.length > 1 ? Math.max(...rates) / Math.min(...rates) : [];
      }),
    ),
  };
}

/** How many pairs of pools of one set come in the same order by both numbers. */
function agreeing(
  pools: readonly PoolHabit[],
  numbers: (pool: PoolHabit) => readonly [one: number, other: number],
): PairShare {
  const products = pools.flatMap((one, index) =>
    pools.slice(index + 1).flatMap((other) => {
      if (one.set !== other.set) return [];
      const [a, b] = [numbers(one), numbers(other)];
      return (a[0] - b[0]) * (a[1] - b[1]);
    }),
  );
  return {
    pairs: products.length,
    share: products.filter((product) => product > 0).length / products.length,
  };
}

function habitsOf(set: TraceSet): readonly PoolHabit[] {
  const target = targetOf(set);
  const hours = set.tickMs / 3_600_000;
  const ticks = Math.min(...set.pools.map(({ available }) => available.length));
  return set.pools.flatMap(({ available }): readonly PoolHabit[] => {
    const left = hoursLeft(available.slice(0, ticks), target, hours);
    const interrupted = interruptionsOf(left);
    if (interrupted.length < fewestInterruptions) return [];
    const up = left.filter((one) => one > 0);
    const onAverage = mean(up);
    const after = hoursSince.map((since) =>
      mean(
        interrupted.flatMap((tick) => {
          const from = tick + Math.max(1, Math.round(since / hours));
          const until = from + Math.floor(patienceHours / hours);
          const returned = left.slice(from, until + 1).find((one) => one > 0);
          return returned === undefined ? [] : [returned];
        }),
      ),
    );
    return [
      {
        set,
        emptyShare: 1 - up.length / ticks,
        perHour: rateOf(left, hours),
        perHourOfHalves: [rateOf(left.slice(0, ticks >> 1), hours), rateOf(left.slice(ticks >> 1), hours)],
        afterInterruption: after.map((life) => onAverage / life),
        returnHours: after[0] ?? Number.NaN,
      },
    ];
  });
}

/** The ticks at which the room for the nodes has gone. */
function interruptionsOf(left: readonly number[]): readonly number[] {
  return [...left.keys()].filter((tick) => left[tick] === 0 && (left[tick - 1] ?? 0) > 0);
}

function rateOf(left: readonly number[], hoursOfTick: number): number {
  return interruptionsOf(left).length / (left.filter((one) => one > 0).length * hoursOfTick);
}

/** At each tick, for how long yet the pool holds that many nodes. */
function hoursLeft(available: readonly number[], nodes: number, hoursOfTick: number): readonly number[] {
  const left = available.map(() => 0);
  for (let tick = available.length - 1; tick >= 0; tick -= 1)
    if ((available[tick] ?? 0) >= nodes) left[tick] = (left[tick + 1] ?? 0) + hoursOfTick;
  return left;
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.filter((value) => value > 0).map(Math.log)));
}
