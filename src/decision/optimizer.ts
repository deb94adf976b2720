import { withClassicCost } from './classic-cost.ts';
import type { Costed, Priced } from './cost.ts';
import { withCost } from './cost.ts';
import type { Assessed, DecisionContext, Objection, Scored } from './decision-context.ts';
import { dropped, without } from './decision-context.ts';
import type { Knowledge } from './knowledge.ts';
import type { Policy } from './policy.ts';
import type { Preferences } from './preferences.ts';
import { preferencesOf } from './preferences.ts';
import type { Surroundings } from './surroundings.ts';
import { classicYieldOf, yieldOf } from './yield.ts';

/**
 * Safety gate, cost for what is served, yield and score; the order is left to the reactive override.
 * @param leaveOut told in a sentence what does not count in this answer since it would take too long
 */
export function scored(
  context: DecisionContext<Assessed>,
  knowledge: Knowledge,
  surroundings: Surroundings,
  policy: Policy,
  leaveOut: (sentence: string) => void = () => undefined,
): DecisionContext<Scored> {
  return policy.formula === 'classic'
    ? classicallyScored(context, policy)
    : scoredByExpectedCost(context, knowledge, surroundings, policy, leaveOut);
}

function scoredByExpectedCost(
  context: DecisionContext<Assessed>,
  knowledge: Knowledge,
  surroundings: Surroundings,
  policy: Policy,
  leaveOut: (sentence: string) => void,
): DecisionContext<Scored> {
  const gated: DecisionContext<Assessed> = policy.switches.safetyGate
    ? { candidates: context.candidates.map((candidate) => gatedBy(candidate, policy)), drops: context.drops }
    : context;
  const costed = withCost(priced(gated), knowledge, surroundings, policy);
  const fitting = rightSized(costed, ({ tco, onDemandPerUnit, evidence }) =>
    yieldOf(tco, onDemandPerUnit, evidence.withinHorizon),
  );
  const preferences = preferencesOf(surroundings, fitting.candidates, knowledge.fleet);
  if (preferences.leftOut !== undefined) leaveOut(preferences.leftOut);
  return {
    candidates: fitting.candidates.map((candidate) => scoredOf(candidate, preferences, policy)),
    drops: fitting.drops,
  };
}

/** The gate judges by what interrupts: a price forecast has its say in the price. */
function gatedBy(candidate: Assessed, { maxCrashProbability }: Policy): Assessed {
  const { gateProbability, source } = candidate.evidence;
  if (candidate.objection !== undefined || candidate.capacityType !== 'spot' || source === 'typical')
    return candidate;
  if (gateProbability <= maxCrashProbability) return candidate;
  return {
    ...candidate,
    objection: {
      layer: 'optimizer',
      reason: 'crash-probability',
      sentence: `probability of an interruption ${gateProbability.toFixed(2)} at even odds (${evidenceText[source]}) is above ${maxCrashProbability}`,
    },
  };
}

const evidenceText = {
  fleet: "the fleet's own record",
  band: "the Spot Advisor's band",
  model: "the model's word",
  'on-demand': 'on-demand',
} as const;

/** Nothing is known against a candidate of unknown risk, so the classic gate is not for it. */
function tooRisky({ risk }: Assessed, { maxCrashProbability }: Policy): Objection | undefined {
  if (risk.source === 'none' || risk.crashProbability <= maxCrashProbability) return undefined;
  return {
    reason: 'crash-probability',
    sentence: `crash probability ${risk.crashProbability.toFixed(2)} (${risk.source}) is above ${maxCrashProbability}`,
  };
}

function classicallyScored(context: DecisionContext<Assessed>, policy: Policy): DecisionContext<Scored> {
  const safe = policy.switches.safetyGate
    ? without(context, 'optimizer', (candidate) => tooRisky(candidate, policy))
    : context;
  const all = withClassicCost(priced(safe));
  const dearest = (candidates: readonly Costed[]) =>
    candidates.reduce((most, { tco }) => Math.max(most, tco), 0);
  const amongAll = dearest(all.candidates);
  const costed = rightSized(all, ({ tco, risk }) => classicYieldOf(tco, amongAll, risk.crashProbability));
  const highest = dearest(costed.candidates);
  return {
    candidates: costed.candidates.map((candidate) => {
      const score = classicYieldOf(candidate.tco, highest, candidate.risk.crashProbability);
      return {
        ...candidate,
        yield: score,
        affinity: undefined,
        spread: undefined,
        score,
        scoreUnfiltered: score,
      };
    }),
    drops: costed.drops,
  };
}

function priced(context: DecisionContext<Assessed>): DecisionContext<Priced> {
  const candidates: Priced[] = [];
  const drops = [...context.drops];
  for (const candidate of context.candidates) {
    if (hasPrice(candidate)) candidates.push(candidate);
    else drops.push(dropped(candidate, 'optimizer', 'no-price', noPrice(candidate)));
  }
  return { candidates, drops };
}

function hasPrice(candidate: Assessed): candidate is Priced {
  return candidate.price !== undefined;
}

function noPrice({ id, pools }: Assessed): string {
  const [pool] = pools;
  if (pool === undefined)
    return `nothing tells the instance type and zone of ${id}: describe it under node_groups`;
  return `no price is known for ${pool.instanceType} in ${pool.zone}`;
}

function scoredOf(candidate: Costed, preferences: Preferences, policy: Policy): Scored {
  const { tco, onDemandPerUnit, evidence, objection } = candidate;
  const yieldScore = yieldOf(tco, onDemandPerUnit, evidence.withinHorizon);
  const affinity = preferences.affinityOf(candidate);
  const spread = preferences.spreadOf(candidate);
  const liked =
    policy.affinityWeight *
      ((affinity === undefined ? 0 : affinity.degree * affinity.share) + zoneWishMet(candidate)) +
    policy.spreadWeight * (spread === undefined ? 0 : spread.degree * spread.share);
  const scoreUnfiltered = yieldScore + 100 * liked;
  return {
    ...candidate,
    yield: yieldScore,
    affinity: affinity?.degree,
    spread: spread?.degree,
    scoreUnfiltered,
    score:
      objection === undefined
        ? scoreUnfiltered
        : yieldOf(tco * (1 + policy.maxSafetyPremium), onDemandPerUnit, evidence.withinHorizon) + 100 * liked,
  };
}

/** The share of its pools that are in the zone which the operator prefers. */
function zoneWishMet({ pools, wishes }: Costed): number {
  const preferred = wishes?.preferZone;
  if (preferred === undefined || pools.length === 0) return 0;
  return pools.filter(({ zone }) => zone === preferred).length / pools.length;
}

/** A larger type stays only when its yield beats that of the one it was admitted for. */
function rightSized(
  context: DecisionContext<Costed>,
  yieldOfOne: (candidate: Costed) => number,
): DecisionContext<Costed> {
  if (context.candidates.every(({ admittedFor }) => admittedFor === undefined)) return context;
  const yields = new Map(context.candidates.map((candidate) => [candidate.id, yieldOfOne(candidate)]));
  return without(context, 'optimizer', (candidate) => {
    if (candidate.admittedFor === undefined) return undefined;
    const own = yieldOfOne(candidate);
    const asked = yields.get(candidate.admittedFor);
    if (asked !== undefined && own > asked) return undefined;
    return {
      reason: 'not-better',
      sentence:
        asked === undefined
          ? `${candidate.admittedFor}, which it would stand in for, was dropped`
          : `it yields ${own.toFixed(1)}, no more than ${asked.toFixed(1)} of the smaller ${candidate.admittedFor}`,
    };
  });
}
