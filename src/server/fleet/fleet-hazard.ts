import { atEvenOdds, frequencyWithin, hazardPerHour } from '../../decision/advisor-prior.ts';
import type { RiskAssessment } from '../../decision/knowledge.ts';
import type { PoolKey } from '../../decision/pool.ts';
import type { FleetEvidence, PoolRecord } from './fleet-record.ts';

/** What the fleet met in one pool, and what the Spot Advisor said of it. */
export interface PoolEvidence {
  readonly record: Pick<PoolRecord, 'hours' | 'interruptions'>;
  /** 0..1 a month; undefined where the advisor says nothing. */
  readonly advisorRate: number | undefined;
}

/** This many interruptions of the fleet weigh as much as the bands taken together. Source: bench/simulations.md, Traces. */
const doubt = 1;

/**
 * How many times as often as the bands say the fleet is interrupted, over all of its pools: (s + Σ interruptions) /
 * (s + Σ band × node-hours), a Gamma prior of mean 1 and s = 1, since whole markets depart from a month's average. At least
 * 1: a fleet that was spared so far is promised nothing.
 */
export function fleetFactor(
  pools: readonly PoolEvidence[],
  { unknownMonthlyRate }: HazardPrior = defaultHazardPrior,
): number {
  let seen = doubt;
  let expected = doubt;
  for (const { record, advisorRate } of pools) {
    seen += record.interruptions;
    expected += record.hours * hourlyRate(advisorRate ?? unknownMonthlyRate);
  }
  return Math.max(1, seen / expected);
}

/** {@link fleetFactor} over every pool of a record. */
export function recordFactor(
  record: FleetEvidence,
  nowMs: number,
  advisorRateOf: (pool: PoolKey) => number | undefined,
): number {
  return fleetFactor(
    record.poolKeys().flatMap((pool) => {
      const own = record.of(pool, nowMs);
      return own === undefined ? [] : [{ record: own, advisorRate: advisorRateOf(pool) }];
    }),
  );
}

/** A band promises no pool that nothing will ever happen. */
const leastMonthlyRate = 0.001;

function hourlyRate(monthlyRate: number): number {
  return hazardPerHour(Math.max(leastMonthlyRate, monthlyRate));
}

export interface HazardPrior {
  /** How many node-hours of our own weigh as much as the Spot Advisor's band. */
  readonly strengthHours: number;
  /** 0..1 a month, where the advisor says nothing. */
  readonly unknownMonthlyRate: number;
  /** See {@link fleetFactor}: the band's mean times this, and worth as many times fewer node-hours. */
  readonly factor?: number;
}

export const defaultHazardPrior: HazardPrior = { strengthHours: 2_000, unknownMonthlyRate: 0.1 };

/**
 * The probability (0..1) that a node of the pool is interrupted within `horizonHours`.
 *
 * Interruptions are Poisson with a rate λ an hour that is the pool's own. Before any evidence λ ~ Gamma(α₀, β₀) with
 * the mean of the advisor's band times `factor`, −ln(1 − rate) / 730 × factor, and β₀ = `strengthHours` / factor: where
 * interruptions are a hundred times as frequent, a hundredth of the hours tells as much. After k interruptions in T node-hours
 * λ ~ Gamma(α₀ + k, β₀ + T), and the probability of at least one within h hours is 1 − ((β₀ + T) / (β₀ + T + h))^(α₀ + k).
 */
export function interruptionProbability(
  record: Pick<PoolRecord, 'hours' | 'interruptions'> | undefined,
  advisorRate: number | undefined,
  horizonHours: number,
  prior: HazardPrior = defaultHazardPrior,
): number {
  const { alpha, beta } = posterior(record?.interruptions ?? 0, record?.hours ?? 0, advisorRate, prior);
  return 1 - (beta / (beta + horizonHours)) ** alpha;
}

/**
 * Interruptions of one node an hour that the same posterior expects, (α₀ + k) / (β₀ + T), where an outage that only a launch
 * found counts as an interruption: pools that are found empty often are those that take their nodes back often.
 */
export function meanHazard(
  record: Pick<PoolRecord, 'hours' | 'interruptions' | 'shortages'> | undefined,
  advisorRate: number | undefined,
  prior: HazardPrior = defaultHazardPrior,
): number {
  const events = (record?.interruptions ?? 0) + (record?.shortages ?? 0);
  const { alpha, beta } = posterior(events, record?.hours ?? 0, advisorRate, prior);
  return alpha / beta;
}

/** α₀ + k and β₀ + T, see {@link interruptionProbability}. */
function posterior(
  met: number,
  hours: number,
  advisorRate: number | undefined,
  { strengthHours, unknownMonthlyRate, factor = 1 }: HazardPrior,
): { readonly alpha: number; readonly beta: number } {
  return {
    alpha: hourlyRate(advisorRate ?? unknownMonthlyRate) * strengthHours + met,
    beta: strengthHours / factor + hours,
  };
}

/** As a risk assessment: the even-odds scale is relative to a pool of the middle advisor band. */
export function fleetHazard(
  record: Pick<PoolRecord, 'hours' | 'interruptions'> | undefined,
  advisorRate: number | undefined,
  horizonHours: number,
  prior: HazardPrior = defaultHazardPrior,
): RiskAssessment {
  const expectedFrequency = interruptionProbability(record, advisorRate, horizonHours, prior);
  const typical = frequencyWithin(prior.unknownMonthlyRate, horizonHours);
  return {
    crashProbability: atEvenOdds(expectedFrequency, typical),
    expectedFrequency,
    source: 'fleet-hazard',
  };
}

/** How much of a price instability is felt as a disturbance, when it is put beside an interruption. */
const defaultStressShare = 0.25;

/**
 * Fleet hazard and family stress as one number. They are risks of different events, so the frequencies combine as
 * either-or: 1 − (1 − hazard)(1 − share × stress). Both even-odds numbers are evidence at even prior odds, so their
 * log-odds add: odds = odds(hazard) × odds(stress).
 */
export function combinedRisk(
  hazard: RiskAssessment,
  stress: RiskAssessment,
  stressShare = defaultStressShare,
): RiskAssessment {
  const hazardFor = hazard.crashProbability * stress.crashProbability;
  const hazardAgainst = (1 - hazard.crashProbability) * (1 - stress.crashProbability);
  return {
    crashProbability: hazardFor + hazardAgainst === 0 ? 0.5 : hazardFor / (hazardFor + hazardAgainst),
    expectedFrequency: 1 - (1 - hazard.expectedFrequency) * (1 - stressShare * stress.expectedFrequency),
    source: 'fleet-hazard',
  };
}
