import type { RunOutcome } from './run-outcome.ts';
import { intervalOf, type Interval } from './interval.ts';

/** One expander over all seeds. Costs in USD for one useful vCPU-hour; shares 0..1. */
export interface ExpanderSummary {
  readonly expander: string;
  /** Nodes and disturbances. */
  readonly totalCost: Interval;
  readonly nodesCost: Interval;
  /** For a thousand useful vCPU-hours. */
  readonly interruptions: Interval;
  /** Share of launches whose price spiked. */
  readonly spikesMet: Interval;
  /** Share of node-hours in the pool that has most of them. */
  readonly largestPool: Interval;
  /** How much dearer than the oracle, seed by seed. */
  readonly regret: Interval;
  /** How much dearer than ours, seed by seed; its interval above 0 means that ours is cheaper. */
  readonly dearerThanOurs: Interval;
  /** The prices of one interruption, USD, at which ours is cheaper; `to` is Infinity for all from `from` on; undefined for none. */
  readonly cheaperBetween: { readonly from: number; readonly to: number } | undefined;
}

/** Summaries of every expander; `runs[seed]` holds the outcomes of one seed, ours and the oracle's among them. */
export function comparison(
  runs: readonly (readonly RunOutcome[])[],
  ours: string,
  disturbancePrice: number,
): readonly ExpanderSummary[] {
  const names = (runs[0] ?? []).map(({ expander }) => expander);
  const total = (run: RunOutcome): number =>
    (run.nodesCost + run.interruptions * disturbancePrice) / run.usefulVcpuHours;
  return names.map((expander) => {
    const own = runs.map((outcomes) => outcomeOf(outcomes, expander));
    const of = (value: (run: RunOutcome) => number): Interval => intervalOf(own.map(value));
    const against = (other: string): Interval =>
      intervalOf(own.map((run, seed) => total(run) / total(outcomeOf(runs[seed] ?? [], other)) - 1));
    return {
      expander,
      totalCost: of(total),
      nodesCost: of((run) => run.nodesCost / run.usefulVcpuHours),
      interruptions: of((run) => (1000 * run.interruptions) / run.usefulVcpuHours),
      spikesMet: of((run) => run.spikesMet / Math.max(1, run.launches)),
      largestPool: of((run) => Math.max(0, ...run.hoursByPool.values()) / run.nodeHours),
      regret: against('oracle'),
      dearerThanOurs: against(ours),
      cheaperBetween: cheaperBetween(
        own,
        runs.map((outcomes) => outcomeOf(outcomes, ours)),
      ),
    };
  });
}

/** Where nodes are cheaper but interruptions more, the two meet at one price of an interruption. */
function cheaperBetween(
  other: readonly RunOutcome[],
  ours: readonly RunOutcome[],
): { readonly from: number; readonly to: number } | undefined {
  const mean = (runs: readonly RunOutcome[], value: (run: RunOutcome) => number): number =>
    intervalOf(runs.map((run) => value(run) / run.usefulVcpuHours)).mean;
  const dearer = mean(ours, (run) => run.nodesCost) - mean(other, (run) => run.nodesCost);
  const calmer = mean(other, (run) => run.interruptions) - mean(ours, (run) => run.interruptions);
  if (dearer <= 0) return { from: 0, to: calmer >= 0 ? Infinity : dearer / calmer };
  return calmer > 0 ? { from: dearer / calmer, to: Infinity } : undefined;
}

function outcomeOf(outcomes: readonly RunOutcome[], expander: string): RunOutcome {
  const one = outcomes.find((outcome) => outcome.expander === expander);
  if (one === undefined) throw new RangeError(`no run of ${expander}`);
  return one;
}
