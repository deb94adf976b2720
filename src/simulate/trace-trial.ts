import { defaultPolicy, type Policy } from '../decision/policy.ts';
import { chanceFrom } from '../learning/chance.ts';
import { intervalOf, type Interval } from './interval.ts';
import type { TraceSet } from './trace-archive.ts';
import { traceRun, type TraceOutcome } from './trace-run.ts';

/** The policy with and without hot pools on one set of traces, over all seeds. */
export interface TraceVerdict {
  readonly set: string;
  readonly pools: number;
  readonly target: number;
  readonly seeds: number;
  /** For a thousand useful node-hours. */
  readonly interruptionsWith: Interval;
  readonly interruptionsWithout: Interval;
  /** With less without, seed by seed: below 0 where hot pools spare interruptions. */
  readonly difference: Interval;
  /** Share of the wanted node-hours that ran. */
  readonly servedWith: Interval;
  readonly servedWithout: Interval;
  /** Relative cost of a useful node-hour, seed by seed: above 0 where hot pools cost more. */
  readonly dearer: Interval;
}

const without: Policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, hotPools: false } };

/**
 * Replays every set. Which pool is cheap decides where a fleet without memory goes back to, and the traces hold no
 * comparable prices: so each seed draws prices within ±10 % and a start within the first fifth.
 */
export function traceTrial(sets: readonly TraceSet[], seeds: number): readonly TraceVerdict[] {
  return sets.map((set) => {
    const most = Math.max(
      ...set.pools.map(({ available }) => available.reduce((high, one) => Math.max(high, one), 0)),
    );
    const target = Math.max(1, Math.floor(most / 2));
    const pairs = Array.from({ length: seeds }, (_, seed) => {
      const chance = chanceFrom(seed * 7919 + 31);
      const prices = set.pools.map(() => 0.9 + 0.2 * chance());
      const ticks = Math.min(...set.pools.map(({ available }) => available.length));
      const plan = { target, fromTick: Math.floor(chance() * ticks * 0.2), prices };
      return {
        hot: traceRun(set, { ...plan, policy: defaultPolicy }, chanceFrom(seed)),
        cold: traceRun(set, { ...plan, policy: without }, chanceFrom(seed)),
      };
    });
    const rate = (one: TraceOutcome): number =>
      (1000 * one.interruptions) / Math.max(1e-9, one.usefulNodeHours);
    const served = (one: TraceOutcome): number => one.usefulNodeHours / one.wantedNodeHours;
    const hourly = (one: TraceOutcome): number => one.cost / one.usefulNodeHours;
    const useful = pairs.filter(({ hot, cold }) => hot.usefulNodeHours > 0 && cold.usefulNodeHours > 0);
    return {
      set: set.name,
      pools: set.pools.length,
      target,
      seeds: useful.length,
      interruptionsWith: intervalOf(useful.map(({ hot }) => rate(hot))),
      interruptionsWithout: intervalOf(useful.map(({ cold }) => rate(cold))),
      difference: intervalOf(useful.map(({ hot, cold }) => rate(hot) - rate(cold))),
      servedWith: intervalOf(useful.map(({ hot }) => served(hot))),
      servedWithout: intervalOf(useful.map(({ cold }) => served(cold))),
      dearer: intervalOf(useful.map(({ hot, cold }) => hourly(hot) / hourly(cold) - 1)),
    };
  });
}
