import type { DecisionContext, Ranked } from './decision-context.ts';
import { factsOf } from './decision-context.ts';
import type { Drop, DropReason, RankedCandidate } from './decision.ts';
import type { GroupWishes } from './knowledge.ts';
import type { Policy } from './policy.ts';
import { hazardText, nodesText, percentText, priceText } from './sentences.ts';

/** Dropped for what is not known rather than for what is known against them. */
const incomparable: readonly DropReason[] = ['no-price', 'no-size'];

/** What is answered, and whether anything could be told apart. */
export interface Answer {
  readonly ids: readonly string[];
  readonly basis: 'ranking' | 'nothing-known' | 'all-rejected' | 'blocked';
}

/**
 * The best candidate's id, with those that the policy holds equal to it. Without any ranked candidate: those that
 * nothing is known about, rather than those that were rejected; else all ids of the request, or none where the
 * operator wrote `block`.
 */
export function answerOf({ candidates, drops }: DecisionContext<Ranked>, policy: Policy): Answer {
  const [best] = candidates;
  if (best !== undefined) {
    const equal = candidates.filter((candidate) => isEqualTo(best, candidate, policy));
    return { ids: equal.map(({ id }) => id), basis: 'ranking' };
  }
  const unknown = drops.filter(({ reason }) => incomparable.includes(reason));
  if (unknown.length > 0) return { ids: distinctIds(unknown), basis: 'nothing-known' };
  if (policy.onAllRejected === 'block' && drops.length > 0) return { ids: [], basis: 'blocked' };
  return { ids: distinctIds(drops), basis: 'all-rejected' };
}

function isEqualTo(best: Ranked, other: Ranked, { equalSetTolerance }: Policy): boolean {
  if (best === other) return true;
  if (!(equalSetTolerance > 0)) return false;
  return (
    best.score - other.score <= equalSetTolerance &&
    other.heat <= best.heat &&
    (best.cooldown === undefined) === (other.cooldown === undefined)
  );
}

function distinctIds(drops: readonly Drop[]): readonly string[] {
  return [...new Set(drops.map(({ id }) => id))];
}

/** The candidate as it is told to people and programs; nothing of it holds on to the request's bytes. */
export function rankedCandidate(candidate: Ranked, formula: Policy['formula']): RankedCandidate {
  const { price, risk, affinity, spread, signal, cooldown } = candidate;
  return {
    ...factsOf(candidate),
    pricePerHour: price.perHour,
    priceSource: price.source,
    wastePerHour: candidate.wastePerHour,
    tco: candidate.tco,
    crashProbability: risk.crashProbability,
    expectedFrequency: risk.expectedFrequency,
    shareAtOnce: candidate.shareAtOnce,
    gateProbability: candidate.evidence.gateProbability,
    evidenceSource: candidate.evidence.source,
    isReadmitted: candidate.readmitted !== undefined,
    yield: candidate.yield,
    heat: candidate.heat,
    score: candidate.score,
    // Made when somebody reads it: telling costs more than deciding, and an answer waits for none of it.
    get sentence() {
      return sentenceOf(candidate, formula);
    },
    ...(affinity !== undefined && { affinity }),
    ...(spread !== undefined && { spread }),
    ...(signal !== undefined && { signal }),
    ...(cooldown !== undefined && { cooldown }),
  };
}

function sentenceOf(candidate: Ranked, formula: Policy['formula']): string {
  const {
    nodeCount,
    price,
    wasteShare,
    tco,
    risk,
    yield: score,
    heat,
    signal,
    fleetHazard,
    cooldown,
    admittedFor,
    evidence,
    shareAtOnce,
    readmitted,
    wishes,
  } = candidate;
  const parts = [
    `${nodesText(nodeCount)} at ${priceText(price.perHour)} USD an hour${price.source === 'assumed' ? ' (assumed)' : ''}`,
    `${percentText(wasteShare)} unused`,
    formula === 'classic'
      ? `${priceText(tco)} with what is unused`
      : `${priceText(tco)} for a unit of what is asked`,
    risk.source === 'on-demand'
      ? 'on-demand, no Spot risk'
      : `crash probability ${risk.crashProbability.toFixed(2)}, expected ${percentText(risk.expectedFrequency)} (${risk.source})`,
    `yield ${score.toFixed(1)}`,
  ];
  if (fleetHazard !== undefined && risk.source !== 'on-demand')
    parts.push(`the fleet expects ${hazardText(fleetHazard)}`);
  else if (evidence.source === 'band') parts.push(`its band expects ${hazardText(evidence.perHour)}`);
  if (shareAtOnce >= 0.005) parts.push(`${percentText(shareAtOnce)} of the fleet could go at once`);
  if (readmitted !== undefined) parts.push(`re-admitted: ${readmitted}`);
  const wished = wishesText(wishes);
  if (wished !== '') parts.push(`as configured: ${wished}`);
  if (signal !== undefined) parts.push(`hot ${heat.toFixed(2)} after ${signal.kind}`);
  if (cooldown !== undefined) parts.push(`resting: ${cooldown.evidence}`);
  if (admittedFor !== undefined) parts.push(`admitted as a larger type for ${admittedFor}`);
  return parts.join('; ');
}

function wishesText(wishes: GroupWishes | undefined): string {
  if (wishes === undefined) return '';
  const { weight, priceFactor, rank, minShare, maxShare, preferZone } = wishes;
  const parts: string[] = [];
  if (rank !== undefined) parts.push(`rank ${rank}`);
  if (weight !== undefined) parts.push(`weight ${weight}`);
  if (priceFactor !== undefined) parts.push(`price × ${priceFactor}`);
  if (minShare !== undefined) parts.push(`at least ${percentText(minShare)} of the nodes`);
  if (maxShare !== undefined) parts.push(`at most ${percentText(maxShare)} of the nodes`);
  if (preferZone !== undefined) parts.push(`rather in ${preferZone}`);
  return parts.join(', ');
}
