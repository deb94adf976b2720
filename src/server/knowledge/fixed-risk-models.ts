import type { RiskAssessment } from '../../decision/knowledge.ts';
import { poolKey } from '../../decision/pool.ts';
import type { RiskModel } from '../../ports/risk-model.ts';

/** Says that no pool is at risk: price and waste alone decide. */
export const alwaysSafe: RiskModel = uniformModel(
  'always-safe',
  'always-safe: every pool counts as safe, so price and waste alone decide',
  { crashProbability: 0, expectedFrequency: 0, source: 'always-safe' },
);

/** Stands in where no trained model is: every pool is as risky as any other, so it changes no order. */
export const mockRisk: RiskModel = uniformModel(
  'mock',
  'mock: no trained model is in use, every Spot pool counts as moderately risky (0.5 at even odds, 0.05 expected), so risk changes no ranking',
  { crashProbability: 0.5, expectedFrequency: 0.05, source: 'mock' },
);

function uniformModel(name: RiskModel['name'], description: string, uniform: RiskAssessment): RiskModel {
  return {
    name,
    description,
    uniform,
    assess: ({ series }) => Promise.resolve(new Map(series.map((one) => [poolKey(one), uniform] as const))),
  };
}
