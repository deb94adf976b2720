import type { RunOutcome } from './run-outcome.ts';
import { intervalOf, type Interval } from './interval.ts';

/** How another does beside ours, seed by seed: 0.1 is a tenth more. An interval above 0 means that ours has less of it. */
export interface BesideOurs {
  readonly totalCost: Interval;
  readonly disturbedPods: Interval;
  readonly largestLoss: Interval;
  readonly largestPool: Interval;
}

/** What is compared, in the order in which it is told. */
export const comparedFigures = ['totalCost', 'disturbedPods', 'largestLoss', 'largestPool'] as const;
export type ComparedFigure = (typeof comparedFigures)[number];

/** One expander over all seeds. Costs in USD for one useful vCPU-hour; shares 0..1. */
export interface ExpanderSummary {
  readonly expander: string;
  /** Nodes and disturbances. */
  readonly totalCost: Interval;
  readonly nodesCost: Interval;
  /** Nodes, for a thousand useful vCPU-hours. */
  readonly interruptions: Interval;
  /** For a thousand useful vCPU-hours. */
  readonly disturbedPods: Interval;
  /** Pods that the largest loss within a minute takes. */
  readonly largestLoss: Interval;
  /** Of the scale-ups, those that brought fewer nodes than were asked for. */
  readonly failedLaunches: Interval;
  /** Until a pod starts, in minutes. */
  readonly waitedMinutes: Interval;
  /** Share of launches whose price spiked. */
  readonly spikesMet: Interval;
  /** Of the vCPUs, in the pool that has most of them at a moment; the mean over time. */
  readonly largestPool: Interval;
  /** Share of node-hours in the pool that has most of them. */
  readonly largestPoolHours: Interval;
  /** How much dearer than the oracle, seed by seed; undefined where it was not asked. */
  readonly regret: Interval | undefined;
  readonly besideOurs: BesideOurs;
  /** The prices of a disturbed pod, USD, at which ours is cheaper; `to` is Infinity for all from `from` on; undefined for none. */
  readonly cheaperBetween: { readonly from: number; readonly to: number } | undefined;
}

const figureOf: Readonly<Record<ComparedFigure, (run: RunOutcome) => number>> = {
  totalCost: (run) => (run.nodesCost + run.disturbanceCost) / run.usefulVcpuHours,
  disturbedPods: (run) => run.disturbedPods / run.usefulVcpuHours,
  largestLoss: (run) => run.largestLoss,
  largestPool: (run) => run.largestPoolAtOnce,
};

/** Seed by seed, how much more of a figure one run has than the other; equal where neither has any. */
export function moreOf(figure: ComparedFigure, one: RunOutcome, other: RunOutcome): number {
  const [value, beside] = [figureOf[figure](one), figureOf[figure](other)];
  return value === beside ? 0 : value / beside - 1;
}

/** Summaries of every expander; `runs[seed]` holds the outcomes of one seed, ours among them. */
export function comparison(
  runs: readonly (readonly RunOutcome[])[],
  ours: string,
): readonly ExpanderSummary[] {
  const names = (runs[0] ?? []).map(({ expander }) => expander);
  const hasOracle = names.includes('oracle');
  return names.map((expander) => {
    const own = runs.map((outcomes) => outcomeOf(outcomes, expander));
    const of = (value: (run: RunOutcome) => number): Interval => intervalOf(own.map(value));
    const against = (figure: ComparedFigure, other: string): Interval =>
      finiteIntervalOf(own.map((run, seed) => moreOf(figure, run, outcomeOf(runs[seed] ?? [], other))));
    return {
      expander,
      totalCost: of(figureOf.totalCost),
      nodesCost: of((run) => run.nodesCost / run.usefulVcpuHours),
      interruptions: of((run) => (1000 * run.interruptions) / run.usefulVcpuHours),
      disturbedPods: of((run) => 1000 * figureOf.disturbedPods(run)),
      largestLoss: of(figureOf.largestLoss),
      failedLaunches: of((run) => run.failedLaunches / Math.max(1, run.decisions)),
      waitedMinutes: of((run) => (60 * run.waitedPodHours) / Math.max(1, run.podStarts)),
      spikesMet: of((run) => run.spikesMet / Math.max(1, run.launches)),
      largestPool: of(figureOf.largestPool),
      largestPoolHours: of((run) => Math.max(0, ...run.hoursByPool.values()) / run.nodeHours),
      regret: hasOracle ? against('totalCost', 'oracle') : undefined,
      besideOurs: {
        totalCost: against('totalCost', ours),
        disturbedPods: against('disturbedPods', ours),
        largestLoss: against('largestLoss', ours),
        largestPool: against('largestPool', ours),
      },
      cheaperBetween: cheaperBetween(
        own,
        runs.map((outcomes) => outcomeOf(outcomes, ours)),
      ),
    };
  });
}

/** Where one run has none of something another has any number of times more: such seeds say nothing of by how much. */
export function finiteIntervalOf(values: readonly number[]): Interval {
  return intervalOf(values.filter(Number.isFinite));
}

/** Where nodes are cheaper but disturbances more, the two meet at one price of a disturbed pod. */
function cheaperBetween(
  other: readonly RunOutcome[],
  ours: readonly RunOutcome[],
): { readonly from: number; readonly to: number } | undefined {
  const mean = (runs: readonly RunOutcome[], value: (run: RunOutcome) => number): number =>
    intervalOf(runs.map((run) => value(run) / run.usefulVcpuHours)).mean;
  const dearer = mean(ours, (run) => run.nodesCost) - mean(other, (run) => run.nodesCost);
  const calmer = mean(other, (run) => run.disturbedPods) - mean(ours, (run) => run.disturbedPods);
  if (dearer <= 0) return { from: 0, to: calmer >= 0 ? Infinity : dearer / calmer };
  return calmer > 0 ? { from: dearer / calmer, to: Infinity } : undefined;
}

function outcomeOf(outcomes: readonly RunOutcome[], expander: string): RunOutcome {
  const one = outcomes.find((outcome) => outcome.expander === expander);
  if (one === undefined) throw new RangeError(`no run of ${expander}`);
  return one;
}
