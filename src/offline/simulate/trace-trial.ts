import { defaultPolicy, type Policy } from '../../decision/policy.ts';
import { chanceFrom } from '../../learning/chance.ts';
import { intervalOf, type Interval } from './interval.ts';
import { targetOf, type TraceSet } from './trace-archive.ts';
import { traceRun, type TraceOutcome } from './trace-run.ts';

/** One way of choosing on one set of traces, over all seeds. */
export interface TraceArm {
  readonly name:
    'without hot pools' | 'hot pools' | "hot pools, and the fleet's record as the risk model" | 'foresight';
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
  { name: "hot pools, and the fleet's record as the risk model", policy: defaultPolicy, fleetHazard: true },
  { name: 'foresight', policy: 'foresight', fleetHazard: false },
] as const;

/**
 * Replays every set, and adds them up seed by seed. Which pool is cheap decides where a fleet without memory goes back to, and the traces hold no
 * comparable prices: so each seed draws prices within ±10 % and a start within the first fifth. The traces themselves are
 * the same for all seeds: the intervals speak of prices and starts, not of other weeks.
 */
export function traceTrial(
  sets: readonly TraceSet[],
  seeds: number,
  onSet: (done: number, all: number) => void = () => undefined,
): readonly TraceVerdict[] {
  const played = sets.map((set, place) => {
    onSet(place, sets.length);
    const target = targetOf(set);
    return { set, target, runs: runsOf(set, target, seeds) };
  });
  const verdicts = played.map(({ set, target, runs }) => verdictOf(set.name, set.pools.length, target, runs));
  if (played.length < 2) return verdicts;
  const together = Array.from({ length: seeds }, (_, seed) =>
    arms.map((_, arm) => sumOf(played.flatMap(({ runs }) => runs[seed]?.[arm] ?? []))),
  );
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return [
    ...verdicts,
    verdictOf(
      'all sets together',
      total(verdicts.map(({ pools }) => pools)),
      total(verdicts.map(({ target }) => target)),
      together,
    ),
  ];
}

/** `[seed][arm]`. */
function runsOf(set: TraceSet, target: number, seeds: number): readonly (readonly TraceOutcome[])[] {
  const ticks = Math.min(...set.pools.map(({ available }) => available.length));
  return Array.from({ length: seeds }, (_, seed) => {
    const chance = chanceFrom(seed * 7919 + 31);
    const prices = set.pools.map(() => 0.9 + 0.2 * chance());
    const fromTick = Math.floor(chance() * ticks * 0.2);
    return arms.map(({ policy, fleetHazard }) =>
      traceRun(set, { target, fromTick, prices, policy, fleetHazard }, chanceFrom(seed)),
    );
  });
}

function verdictOf(
  set: string,
  pools: number,
  target: number,
  runs: readonly (readonly TraceOutcome[])[],
): TraceVerdict {
  const outcomes = runs.filter((one) => one.every(({ usefulNodeHours }) => usefulNodeHours > 0));
  return {
    set,
    pools,
    target,
    seeds: outcomes.length,
    arms: arms.map(({ name }, arm) => {
      const over = (value: (own: TraceOutcome, plain: TraceOutcome) => number): Interval =>
        intervalOf(
          outcomes.flatMap((one) => {
            const [own, plain] = [one[arm], one[0]];
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
}

function sumOf(outcomes: readonly TraceOutcome[]): TraceOutcome {
  const total = (value: (outcome: TraceOutcome) => number): number =>
    outcomes.reduce((sum, outcome) => sum + value(outcome), 0);
  return {
    interruptions: total(({ interruptions }) => interruptions),
    usefulNodeHours: total(({ usefulNodeHours }) => usefulNodeHours),
    wantedNodeHours: total(({ wantedNodeHours }) => wantedNodeHours),
    failedLaunches: total(({ failedLaunches }) => failedLaunches),
    cost: total(({ cost }) => cost),
  };
}

function rate({ interruptions, usefulNodeHours }: TraceOutcome): number {
  return (1000 * interruptions) / usefulNodeHours;
}

function hourly({ cost, usefulNodeHours }: TraceOutcome): number {
  return cost / usefulNodeHours;
}
