import type { InterruptionEvidence } from './evidence.ts';
import { atEvenOdds, expectedMonthlyRate, hazardPerHour, typicalHazardPerHour } from './advisor-prior.ts';
import type { CandidateRisk, Known } from './decision-context.ts';
import type { Knowledge } from './knowledge.ts';
import type { Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import { expectedAndWorst } from './several-pools.ts';

type Judged = Pick<Known, 'pools' | 'capacityType' | 'onDemandShare' | 'operatingSystem'>;

/**
 * The fleet's own record where nodes are watched, else a model of interruptions, else the Spot Advisor's band, else the typical
 * pool. A group over several pools is expected to do as its pools do on average, drawn to the worst, and gated by the worst.
 */
export function interruptionEvidence(
  candidate: Judged,
  risk: CandidateRisk,
  knowledge: Knowledge,
  policy: Policy,
  bands: 'bands' | 'no-bands',
): InterruptionEvidence {
  const { capacityType, onDemandShare, operatingSystem, pools } = candidate;
  if (capacityType === 'on-demand')
    return { perHour: 0, withinHorizon: 0, gateProbability: 0, source: 'on-demand' };
  const modelled = modelledHazard(risk, policy);
  const speaksOfLinux = bands === 'bands' && operatingSystem === 'linux' && policy.switches.riskModel;
  const [only] = pools;
  if (only !== undefined && pools.length === 1) {
    const { perHour: ofPool, source } = hazardOf(only, knowledge, policy, modelled, speaksOfLinux);
    const perHour = ofPool * (1 - onDemandShare);
    return { perHour, withinHorizon: within(perHour, policy), ...gate(source, risk, ofPool, policy) };
  }
  const found = pools.map((pool) => hazardOf(pool, knowledge, policy, modelled, speaksOfLinux));
  const hazardPerHour = expectedAndWorst(
    found.map(({ perHour }) => perHour),
    policy.worstPoolWeight,
  );
  const perHour = (hazardPerHour ?? typicalHazardPerHour) * (1 - onDemandShare);
  const worst = found.reduce((most, one) => Math.max(most, one.perHour), 0);
  const source = found[0]?.source ?? 'typical';
  return {
    perHour,
    withinHorizon: within(perHour, policy),
    ...gate(source, risk, found.length === 0 ? typicalHazardPerHour : worst, policy),
  };
}

function gate(
  source: InterruptionEvidence['source'],
  risk: CandidateRisk,
  worst: number,
  policy: Policy,
): Pick<InterruptionEvidence, 'gateProbability' | 'source'> {
  return {
    gateProbability:
      source === 'model'
        ? risk.crashProbability
        : atEvenOdds(within(worst, policy), within(typicalHazardPerHour, policy)),
    source,
  };
}

function within(perHour: number, { riskHorizonHours }: Policy): number {
  return -Math.expm1(-perHour * Math.max(0, riskHorizonHours));
}

/** Of a model that speaks of interruptions. */
function modelledHazard({ source, expectedFrequency }: CandidateRisk, policy: Policy): number | undefined {
  if (source !== 'fleet-hazard') return undefined;
  return -Math.log(1 - Math.min(0.999, expectedFrequency)) / Math.max(1, policy.riskHorizonHours);
}

function hazardOf(
  pool: Pool,
  knowledge: Knowledge,
  { switches }: Policy,
  modelled: number | undefined,
  speaksOfLinux: boolean,
): Pick<InterruptionEvidence, 'perHour' | 'source'> {
  const own = switches.hotPools ? knowledge.hazard?.(pool) : undefined;
  if (own !== undefined) return { perHour: own, source: 'fleet' };
  if (modelled !== undefined) return { perHour: modelled, source: 'model' };
  const band = speaksOfLinux ? knowledge.advisorBand(pool) : undefined;
  return band === undefined
    ? { perHour: typicalHazardPerHour, source: 'typical' }
    : { perHour: hazardPerHour(expectedMonthlyRate(band)), source: 'band' };
}
