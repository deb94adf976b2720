import type { Answer } from './answer.ts';
import type { Assessed, DecisionContext, Ranked, RiskStep } from './decision-context.ts';
import type { Degradation, DegradationStep } from './degradation.ts';
import { degradationSteps, lowerStep } from './degradation.ts';
import type { FleetView } from './knowledge.ts';
import { groupLabels, groupNameOf } from './node-labels.ts';
import type { Policy } from './policy.ts';
import { isKnownWorse } from './reactive.ts';
import type { SoundKnowledge } from './sound-knowledge.ts';

export interface Explanation {
  readonly degradation: Degradation;
  readonly remarks: readonly string[];
}

/**
 * The step that an answer rests on: that of the best candidate's risk; for an on-demand one, which needs no model,
 * the best step among the Spot candidates that it was compared with.
 */
export function explanationOf(
  { candidates }: DecisionContext<Ranked>,
  knowledge: SoundKnowledge,
  policy: Policy,
  from: RiskStep,
  failures: readonly string[],
  reason: string,
): Explanation {
  const [best] = candidates;
  const why = [
    ...(best === undefined ? [reason] : []),
    ...failures,
    ...(policy.switches.riskModel ? [] : ['the risk model is switched off']),
    ...(knowledge.pricesAreStale ? ['Spot prices are stale and are not used'] : []),
    ...missing(candidates),
    ...knowledge.faults(),
  ];
  const assumed = candidates.filter(({ price }) => price.source === 'assumed').length;
  const remarks = [
    ...why,
    ...(assumed === 0 ? [] : [`the price of ${assumed} candidates is assumed`]),
    ...unknownCapacity(candidates),
    ...unheldShares(candidates, knowledge.fleet),
    ...(knowledge.onDemandFirst === undefined ? [] : [knowledge.onDemandFirst]),
    ...(knowledge.fleet?.source === 'answers'
      ? ['no nodes are watched: where the fleet runs is taken from the last answers']
      : []),
    ...(knowledge.remarks ?? []),
  ];
  const step: DegradationStep = best === undefined ? 'all-ids' : lowerStep(from, stepOf(best, candidates));
  return { degradation: { step, reasons: step === 'model' ? [] : why }, remarks };
}

/** Shares of the fleet's nodes that an operator wants, where nothing tells which nodes are the group's. */
function unheldShares(candidates: readonly Assessed[], fleet: FleetView | undefined): readonly string[] {
  const wished = candidates.filter(
    ({ wishes }) => wishes?.minShare !== undefined || wishes?.maxShare !== undefined,
  );
  const unheld =
    fleet?.source === 'answers'
      ? []
      : wished.filter(
          ({ id, labels }) =>
            fleet === undefined || (groupNameOf(labels) === undefined && fleet.group(id).nodes === 0),
        );
  const [first] = unheld;
  if (first === undefined) return [];
  const others = unheld.length === 1 ? '' : ` and ${unheld.length - 1} more`;
  return [
    fleet === undefined
      ? `min_share and max_share of ${first.id}${others} do not hold: nothing tells yet how many nodes a group has`
      : `min_share and max_share of ${first.id}${others} do not hold: no label of its nodes names their group (${groupLabels.join(', ')})`,
  ];
}

function unknownCapacity(candidates: readonly Assessed[]): readonly string[] {
  const unknown = candidates.filter(({ capacityType }) => capacityType === 'unknown');
  const [first] = unknown;
  if (first === undefined) return [];
  const others = unknown.length === 1 ? '' : ` and ${unknown.length - 1} more`;
  return [
    `${first.id}${others}: no label and no description tells whether this is Spot or on-demand; it counts at the on-demand price with the risk of Spot`,
  ];
}

function stepOf(best: Assessed, candidates: readonly Assessed[]): RiskStep {
  if (best.capacityType !== 'on-demand') return best.risk.step;
  const steps = candidates.flatMap(({ capacityType, risk }) =>
    capacityType === 'on-demand' ? [] : [risk.step],
  );
  return riskSteps.find((step) => steps.includes(step)) ?? 'model';
}

const riskSteps = degradationSteps.filter((step): step is RiskStep => step !== 'all-ids');

function missing(candidates: readonly Assessed[]): readonly string[] {
  const sentence: Readonly<Record<RiskStep, string>> = {
    model: '',
    'advisor-prior': "no model's word, the Spot Advisor's band counts",
    'price-only': 'neither a model nor a Spot Advisor band tells the risk, the typical one counts',
  };
  const mocked = candidates.some(({ risk }) => risk.source === 'mock') ? [mockSentence] : [];
  const modelled = candidates.filter(({ risk }) => risk.source !== 'mock');
  const missed = (['advisor-prior', 'price-only'] as const).flatMap((step) => {
    const affected = modelled.filter(({ risk }) => risk.step === step);
    const [first] = affected;
    if (first === undefined) return [];
    const others = affected.length === 1 ? '' : ` and ${affected.length - 1} more`;
    return [`${first.id}${others}: ${sentence[step]}`];
  });
  return [...mocked, ...missed];
}

export const mockSentence =
  'the risk model is mock: it calls every Spot pool moderately risky and knows nothing of any of them';

/** Why this answer, in one sentence. */
export function reasonOf({ candidates, drops }: DecisionContext<Ranked>, answer: Answer): string {
  const [best] = candidates;
  // A larger type that was admitted and came to nothing is missed by nobody.
  const dropCount = drops.filter(({ facts }) => facts.admittedFor === undefined).length;
  const all = candidates.length + dropCount;
  switch (answer.basis) {
    case 'nothing-known':
      if (all === 1) return 'the only candidate could not be priced, and it is answered all the same';
      return `none of ${all} candidates could be priced and held against the others, so the choice among ${answer.ids.length} is left open`;
    case 'all-rejected':
      return all === 0
        ? 'there was nothing to choose from'
        : `${everyCandidate(all)} rejected, so none is held back`;
    case 'blocked':
      return `${everyCandidate(all)} rejected, and the policy is to block`;
    case 'ranking':
      return best === undefined ? '' : bestSentence(best, candidates, dropCount, answer.ids.length);
  }
}

function everyCandidate(all: number): string {
  return all === 1 ? 'the only candidate was' : `all ${all} candidates were`;
}

function bestSentence(
  best: Ranked,
  candidates: readonly Ranked[],
  dropCount: number,
  answered: number,
): string {
  const runnerUp = candidates[1];
  const parts = [`${best.id} ranks first of ${candidates.length} with yield ${best.yield.toFixed(1)}`];
  if (runnerUp !== undefined)
    parts.push(`ahead of ${runnerUp.id} with ${runnerUp.yield.toFixed(1)}${behind(best, runnerUp)}`);
  if (dropCount > 0) parts.push(`${dropCount} dropped`);
  if (best.readmitted !== undefined) parts.push(`re-admitted: ${best.readmitted}`);
  if (best.heat > 0) parts.push(whyThoughHot(best, candidates));
  if (best.cooldown !== undefined) parts.push('though resting: every class rests');
  if (answered > 1) parts.push(`${answered} held equal`);
  return parts.join(', ');
}

function whyThoughHot(best: Ranked, candidates: readonly Ranked[]): string {
  const cooler = candidates.filter(({ heat }) => heat < best.heat);
  return cooler.length > 0 && cooler.every((other) => isKnownWorse(other, best))
    ? 'though hot: what is cooler is interrupted more often'
    : 'though hot: everything is, or this is still the best';
}

/** Why the second is second where its yield alone does not tell. */
function behind(best: Ranked, second: Ranked): string {
  if (second.waitsForOnDemand && !best.waitsForOnDemand) return ' (on-demand goes first)';
  if (best.wishOrder < second.wishOrder) return ' (ranked behind by configuration)';
  if (second.objection !== undefined) return ' (a filter objects to it)';
  if (second.yield < best.yield) return '';
  if (best.cooldown === undefined && second.cooldown !== undefined) return ' (resting)';
  if (second.heat > best.heat) return ' (hot)';
  if (second.score < best.score) return ' (preferences less well met)';
  return ' (equal; the safer, then the cheaper, then where fewer nodes are, then the first by name)';
}
