import type { Candidate } from './decision-context.ts';
import { PreferredAffinity } from './preferred-affinity.ts';
import { PreferredSpread } from './preferred-spread.ts';
import type { FleetView } from './knowledge.ts';
import type { Surroundings } from './surroundings.ts';
import { wishCounter, wishKindsOf, type WishCounts, type WishKinds } from './wish-kinds.ts';
import { WorkAllowance } from './work-allowance.ts';

/** How far a candidate meets what its pods would like, and how many of its pods would like anything. */
export interface Fulfilment {
  /** 0..1, mean over the pods that have the preference. */
  readonly degree: number;
  /** 0..1, their share of the candidate's pods. */
  readonly share: number;
}

export interface Preferences {
  /** Preferred node affinity; undefined when no pod of the candidate has any. */
  readonly affinityOf: (candidate: Candidate) => Fulfilment | undefined;
  /** ScheduleAnyway topology spread; undefined when no pod of the candidate has any. */
  readonly spreadOf: (candidate: Candidate) => Fulfilment | undefined;
  /** Why nobody's preferences count, in a sentence; undefined when they do. */
  readonly leftOut: string | undefined;
}

/**
 * Steps of judging that one request may take, some ten nanoseconds each. A thousand workloads with four wishes each against a
 * thousand groups take four million.
 */
export const mostSteps = 8_000_000;

/**
 * Preferences of the pending pods, judged of each candidate by itself. Pods of one workload carry the same wishes, so each
 * distinct wish is judged once for a candidate, however many pods share it. Where judging them would take more than `steps`
 * no preference counts, for no candidate: weighing some of them would favour the candidates that came first.
 */
export function preferencesOf(
  { pods, domains }: Pick<Surroundings, 'pods' | 'domains'>,
  candidates: readonly Candidate[],
  fleet: FleetView | undefined,
  steps: number = mostSteps,
): Preferences {
  const work = new WorkAllowance(steps);
  const affinity = fulfilmentBy(
    candidates,
    wishKindsOf(pods, (pod) => pod.preferredNodeTerms),
    (kinds) => {
      const judge = new PreferredAffinity(kinds, candidates, work);
      return (candidate, counts) => judge.degreesOf(candidate, counts);
    },
  );
  const spread = fulfilmentBy(
    candidates,
    wishKindsOf(pods, (pod) => pod.spreadPreferences),
    (kinds) => {
      const judge = new PreferredSpread(kinds, domains, fleet, work);
      return (candidate, counts) => judge.degreesOf(candidate, counts);
    },
  );
  if (work.isSpent)
    return {
      affinityOf: () => undefined,
      spreadOf: () => undefined,
      leftOut: `preferences of pods are left out: ${candidates.length} groups and what ${pods.length} pods would like take more than ${steps} comparisons`,
    };
  return {
    affinityOf: (candidate) => affinity.get(candidate),
    spreadOf: (candidate) => spread.get(candidate),
    leftOut: undefined,
  };
}

type Degrees = (candidate: Candidate, counts: WishCounts) => readonly number[];

function fulfilmentBy<Wish>(
  candidates: readonly Candidate[],
  wishes: WishKinds<Wish>,
  judgeOf: (kinds: readonly (readonly Wish[])[]) => Degrees,
): ReadonlyMap<Candidate, Fulfilment> {
  const fulfilment = new Map<Candidate, Fulfilment>();
  if (wishes.kinds.length === 0) return fulfilment;
  const countsOf = wishCounter(wishes);
  const degreesOf = judgeOf(wishes.kinds);
  for (const candidate of candidates) {
    const counts = countsOf(candidate.pods);
    if (counts.wishing === 0) continue;
    const degrees = degreesOf(candidate, counts);
    if (degrees.length < counts.kinds.length) return fulfilment;
    let sum = 0;
    degrees.forEach((degree, at) => {
      sum += (counts.counts[at] ?? 0) * degree;
    });
    fulfilment.set(candidate, {
      degree: Math.min(1, sum / counts.wishing),
      share: counts.wishing / candidate.pods.length,
    });
  }
  return fulfilment;
}
