import { advisorPrior, expectedMonthlyRate, unknownRisk } from './advisor-prior.ts';
import type { Assessed, CandidateRisk, DecisionContext, Known, RiskStep } from './decision-context.ts';
import { lowerStep } from './degradation.ts';
import { interruptionEvidence } from './interruption-evidence.ts';
import type { Knowledge, RiskAssessment } from './knowledge.ts';
import type { Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import { expectedAndWorst, known } from './several-pools.ts';

interface PoolRisk {
  readonly assessment: RiskAssessment;
  readonly step: RiskStep;
}

const onDemandRisk: CandidateRisk = {
  crashProbability: 0,
  expectedFrequency: 0,
  source: 'on-demand',
  step: 'model',
};

/**
 * Looks every Spot pool up, from `from` downwards: the model's word, else a prior from the Spot Advisor's band, else
 * the typical risk.
 * Capacity of unknown type is as risky as Spot. On-demand has probability 0, as a whole or for its share of a group.
 */
export function withRisk(
  context: DecisionContext<Known>,
  knowledge: Knowledge,
  policy: Policy,
  from: RiskStep,
): DecisionContext<Assessed> {
  return {
    candidates: context.candidates.map((candidate) => {
      const risk = riskOf(candidate, knowledge, policy, from);
      const bands = from === 'price-only' ? 'no-bands' : 'bands';
      return {
        ...candidate,
        risk,
        evidence: interruptionEvidence(candidate, risk, knowledge, policy, bands),
        fleetHazard: fleetHazardOf(candidate, knowledge, policy),
      };
    }),
    drops: context.drops,
  };
}

export function riskOf(
  candidate: Pick<Known, 'pools' | 'capacityType' | 'onDemandShare' | 'operatingSystem'>,
  knowledge: Knowledge,
  policy: Policy,
  from: RiskStep,
): CandidateRisk {
  if (candidate.capacityType === 'on-demand') return onDemandRisk;
  // The model and the bands speak of Linux capacity; of a Windows pool they would only pretend to know.
  const first =
    candidate.operatingSystem === 'windows' || !policy.switches.riskModel
      ? 'price-only'
      : lowerStep(from, knowledge.pricesAreStale ? 'advisor-prior' : 'model');
  const risks = candidate.pools.map((pool) => poolRisk(pool, knowledge, policy, first));
  const [head] = risks;
  if (head !== undefined && risks.length === 1) {
    const { assessment, step } = head;
    const spotShare = 1 - candidate.onDemandShare;
    return {
      crashProbability: assessment.crashProbability * spotShare,
      expectedFrequency: assessment.expectedFrequency * spotShare,
      source: assessment.source,
      step,
    };
  }
  if (head === undefined)
    return { ...unknownRisk(policy.riskHorizonHours), source: 'none', step: 'price-only' };
  const lowest = risks.reduce(
    (low, risk) => (lowerStep(low.step, risk.step) === low.step ? low : risk),
    head,
  );
  const over = (values: readonly number[]) =>
    (expectedAndWorst(values, policy.worstPoolWeight) ?? 0) * (1 - candidate.onDemandShare);
  return {
    crashProbability: over(risks.map(({ assessment }) => assessment.crashProbability)),
    expectedFrequency: over(risks.map(({ assessment }) => assessment.expectedFrequency)),
    source: lowest.assessment.source,
    step: lowest.step,
  };
}

/** Of the Spot part. It is live knowledge like a signal, and no word of the model: it holds on every step of the ladder. */
function fleetHazardOf(
  { pools, capacityType, onDemandShare }: Known,
  { hazard }: Knowledge,
  { switches, worstPoolWeight }: Policy,
): number | undefined {
  if (!switches.hotPools || hazard === undefined) return undefined;
  if (capacityType === 'on-demand') return 0;
  const hazardPerHour = expectedAndWorst(known(pools, hazard), worstPoolWeight);
  return hazardPerHour === undefined ? undefined : hazardPerHour * (1 - onDemandShare);
}

/** A mock calls every pool alike: with it prices decide, and no answer may be told as a model's. */
function stepOfSource(source: RiskAssessment['source']): RiskStep {
  if (source === 'advisor-prior') return 'advisor-prior';
  return source === 'mock' ? 'price-only' : 'model';
}

function poolRisk(pool: Pool, knowledge: Knowledge, policy: Policy, from: RiskStep): PoolRisk {
  if (from === 'model') {
    const assessment = knowledge.risk(pool);
    if (assessment !== undefined) return { assessment, step: stepOfSource(assessment.source) };
  }
  const band = from === 'price-only' ? undefined : knowledge.advisorBand(pool);
  if (band === undefined) return { assessment: unknownRisk(policy.riskHorizonHours), step: 'price-only' };
  return {
    assessment: advisorPrior(expectedMonthlyRate(band), policy.riskHorizonHours),
    step: 'advisor-prior',
  };
}
