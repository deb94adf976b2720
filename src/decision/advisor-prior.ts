import type { AdvisorBand, RiskAssessment } from './knowledge.ts';

const hoursPerMonth = 730;
/** The middle of the five bands, and what is assumed of a pool of which nothing is known. */
const typicalMonthlyRate = 0.1;

/**
 * The probability (0..1) that an instance is reclaimed within `horizonHours`, from the share that is reclaimed in a month:
 * a constant hazard −ln(1 − rate) a month.
 */
export function frequencyWithin(monthlyRate: number, horizonHours: number): number {
  const bounded = Math.min(0.99, Math.max(0, monthlyRate));
  return 1 - Math.pow(1 - bounded, horizonHours / hoursPerMonth);
}

/** 0..1 a month, of a band that is used as a hazard: what is to be expected, which the published band alone foretells badly. */
export function expectedMonthlyRate({ expectedRate, interruptRate }: AdvisorBand): number {
  return expectedRate ?? interruptRate;
}

/** Interruptions of one node an hour, from the share that is reclaimed in a month. */
export function hazardPerHour(monthlyRate: number): number {
  return -Math.log(1 - Math.min(0.99, Math.max(0, monthlyRate))) / hoursPerMonth;
}

/** Of a pool of which nothing is known. */
export const typicalHazardPerHour = hazardPerHour(typicalMonthlyRate);

/** A calibrated probability moved to even prior odds: odds divided by the prior's odds (Bayes' rule). */
export function atEvenOdds(probability: number, prior: number): number {
  const forIt = probability * (1 - prior);
  const against = (1 - probability) * prior;
  return forIt + against === 0 ? 0.5 : forIt / (forIt + against);
}

/**
 * What the Spot Advisor's band says in the place of a model. The bands' even-odds values are 0.19, 0.43, 0.56, 0.65
 * and 0.73 for 2.5, 7.5, 12.5, 17.5 and 25 % a month: below the default gate, since a month's average says nothing of
 * the next hours.
 */
export function advisorPrior(interruptRate: number, horizonHours: number): RiskAssessment {
  const expectedFrequency = frequencyWithin(interruptRate, horizonHours);
  return {
    crashProbability: atEvenOdds(expectedFrequency, frequencyWithin(typicalMonthlyRate, horizonHours)),
    expectedFrequency,
    source: 'advisor-prior',
  };
}

/** Of a pool of which nothing is known: neither safer nor riskier than the typical one. */
export function unknownRisk(horizonHours: number): RiskAssessment {
  return {
    crashProbability: 0.5,
    expectedFrequency: frequencyWithin(typicalMonthlyRate, horizonHours),
    source: 'none',
  };
}
