import { hourMs } from '../../learning/price-lattice.ts';
import type { ModelCard, ScoreScale } from '../../formats/model-card.ts';
import type { FittedModel } from './fitted-model.ts';
import type { LearningSet } from './learning-set.ts';
import type { Verdict } from './verdict.ts';
import { modelName } from './walk-forward.ts';

export interface CardFacts {
  readonly name: string;
  readonly sha256: string;
  readonly createdAtMs: number;
  readonly set: LearningSet;
  readonly fitted: FittedModel;
  readonly verdict: Verdict;
  readonly minPricePerHour: number;
  readonly windowStartMs: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly families: ModelCard['families'];
}

/** The gate that the pipeline applies to the even-odds scale unless it is told otherwise. */
const gate = 0.85;

/** What a server must know to use the model, and a person to judge it. */
export function modelCard(facts: CardFacts): ModelCard {
  const { set, fitted, verdict } = facts;
  const judgement = verdict.judgements[modelName];
  return {
    name: `${facts.name}.onnx`,
    version: new Date(facts.createdAtMs).toISOString().replaceAll(/[-:]|\.\d+/g, ''),
    createdAt: new Date(facts.createdAtMs).toISOString(),
    ...scoreScale(fitted, facts.sha256),
    features: fitted.features,
    horizonHours: set.rule.horizonMs / hourMs,
    spikeThreshold: set.rule.spike,
    dataSpan: {
      fromMs: Math.max(set.fromMs, facts.windowStartMs),
      toMs: set.toMs,
      regions: [...new Set(set.series.map(({ region }) => region))].sort(),
    },
    minPricePerHour: facts.minPricePerHour,
    metrics: {
      measuredBy:
        'walking forward over the last months of the history; 95 % intervals over draws of whole days',
      rows: verdict.rows,
      unstableRows: verdict.unstableRows,
      prevalence: verdict.prevalence,
      model: judgement ?? null,
      baselines: Object.fromEntries(
        Object.entries(verdict.judgements).filter(([name]) => name !== modelName),
      ),
      trainingRows: fitted.rows,
      trainingUnstableRows: fitted.unstableRows,
      parameters: facts.parameters,
    },
    ...(facts.families === undefined ? {} : { families: facts.families }),
  };
}

export function scoreScale(fitted: FittedModel, sha256: string): ScoreScale {
  return {
    sha256,
    calibration: {
      method: fitted.calibration.method,
      points: fitted.calibration.points.map(([score, probability]) => [score, probability] as const),
    },
    priorRate: fitted.priorRate,
    thresholds: { f1: fitted.f1Threshold, gate },
  };
}
