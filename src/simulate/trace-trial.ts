import { defaultPolicy, type Policy } from '../decision/policy.ts';
import { chanceFrom } from '../learning/chance.ts';
import { intervalOf, type Interval } from './interval.ts';
import type { TraceSet } from './trace-archive.ts';
import { traceRun, type TraceOutcome } from './trace-run.ts';

/** One way of choosing on one set of traces, over all seeds. */
export interface TraceArm {
  readonly name: 'without hot pools' | 'hot pools' | "hot pools and the fleet's record";
  /** For a thousand useful node-hours. */
  readonly interruptions: Interval;
  /** Less those without hot pools, seed by seed: below 0 where interruptions are spared. */
  readonly difference: Interval;
  /** Share of the wanted node-hours that ran. */
  readonly served: Interval;
  /** Relative cost of a useful node-hour, seed by seed: above 0 where it is dearer than without hot pools. */
  readonly dearer: Interval;
}

export interface TraceVerdict {
  readonly set: string;
  readonly pools: number;
  readonly target: number;
  readonly seeds: number;
  readonly arms: readonly TraceArm[];
}

const without: Policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, hotPools: false } };

const arms = [
  { name: 'without hot pools', policy: without, fleetHazard: false },
  { name: 'hot pools', policy: defaultPolicy, fleetHazard: false },
  { name: "hot pools and the fleet's record", policy: defaultPolicy, fleetHazard: true },
] as const;

/**
 * Replays every set. Which pool is cheap decides where a fleet without memory goes back to, and the traces hold no
 * comparable prices: so each seed draws prices within ±10 % and a start within the first fifth. The traces themselves are
 * the same for all seeds: the intervals speak of prices and starts, not of other weeks.
 */
export function traceTrial(sets: readonly TraceSet[], seeds: number): readonly TraceVerdict[] {
  return sets.map((set) => {
    const ticks = Math.min(...set.pools.map(({ available }) => available.length));
    const most = Math.max(
      ...set.pools.map(({ available }) => available.reduce((high, one) => Math.max(high, one), 0)),
    );
    const target = Math.max(1, Math.floor(most / 2));
    const outcomes = Array.from({ length: seeds }, (_, seed) => {
      const chance = chanceFrom(seed * 7919 + 31);
      const prices = set.pools.map(() => 0.9 + 0.2 * chance());
      const fromTick = Math.floor(chance() * ticks * 0.2);
      return arms.map(({ policy, fleetHazard }) =>
        traceRun(set, { target, fromTick, prices, policy, fleetHazard }, chanceFrom(seed)),
      );
    }).filter((runs) => runs.every(({ usefulNodeHours }) => usefulNodeHours > 0));
    return {
      set: set.name,
      pools: set.pools.length,
      target,
      seeds: outcomes.length,
      arms: arms.map(({ name }, arm) => {
        const over = (value: (own: TraceOutcome, plain: TraceOutcome) => number): Interval =>
          intervalOf(
            outcomes.flatMap((runs) => {
              const [own, plain] = [runs[arm], runs[0]];
              return own === undefined || plain === undefined ? [] : [value(own, plain)];
            }),
          );
        return {
          name,
          interruptions: over(rate),
          difference: over((own, plain) => rate(own) - rate(plain)),
          served: over((own) => own.usefulNodeHours / own.wantedNodeHours),
          dearer: over((own, plain) => hourly(own) / hourly(plain) - 1),
        };
      }),
    };
  });
}

function rate({ interruptions, usefulNodeHours }: TraceOutcome): number {
  return (1000 * interruptions) / usefulNodeHours;
}

function hourly({ cost, usefulNodeHours }: TraceOutcome): number {
  return cost / usefulNodeHours;
}
