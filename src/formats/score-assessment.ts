import { atEvenOdds } from '../decision/advisor-prior.ts';
import type { RiskAssessment } from '../decision/knowledge.ts';
import { calibrated } from '../learning/calibration.ts';
import type { ScoreScale } from './model-card.ts';

/** What a model's raw score means by its card, in serving as in judging. Undefined for what is no score. */
export function assessmentOf(score: number, scale: ScoreScale): RiskAssessment | undefined {
  if (!(score >= 0 && score <= 1)) return undefined;
  const expectedFrequency = calibrated(scale.calibration.points, score);
  return {
    crashProbability: atEvenOdds(expectedFrequency, scale.priorRate),
    expectedFrequency,
    source: 'family-stress',
  };
}
