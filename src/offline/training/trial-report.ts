import type { CalibrationPoints } from '../../learning/calibration.ts';
import { gainShares } from '../../learning/forest.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import { reliability } from '../../learning/probability-metrics.ts';
import type { ReliabilityBin } from '../../learning/probability-metrics.ts';
import { curvePoints, rankedScores } from '../../learning/ranking-metrics.ts';
import type { CurvePoint } from '../../learning/ranking-metrics.ts';
import type { FittedModel } from './fitted-model.ts';
import type { LearningSet } from './learning-set.ts';
import type { TrialSlices } from './trial-slices.ts';
import { judgedRows } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import { modelName } from './walk-forward.ts';
import type { WalkForward } from './walk-forward.ts';

export interface DayOfTrial {
  readonly day: string;
  readonly predicted: number;
  readonly observed: number;
}

/** What a report shows, all of it measured on moments that the models had not seen. */
export interface TrialReport {
  readonly title: string;
  readonly horizonHours: number;
  readonly spike: number;
  readonly verdict: Verdict;
  readonly reliability: readonly ReliabilityBin[];
  readonly curve: readonly CurvePoint[];
  readonly days: readonly DayOfTrial[];
  readonly slices: TrialSlices;
  /** Of the model that is published; empty where none is, as in a backtest or when it was refused. */
  readonly gains: readonly { readonly feature: string; readonly share: number }[];
  readonly calibration?: CalibrationPoints;
  readonly history: readonly string[];
}

export function trialReport(
  set: LearningSet,
  trial: Pick<WalkForward, 'rows' | 'forecasts'>,
  verdict: Verdict,
  slices: TrialSlices,
  published: FittedModel | undefined,
  history: readonly string[],
): TrialReport {
  const forecast = trial.forecasts[modelName];
  if (forecast === undefined) throw new Error('the trial holds no forecast of the model');
  const { probabilities } = forecast;
  const rows = judgedRows(set, trial.rows);
  const hours = set.rule.horizonMs / hourMs;
  const percent = Number((100 * set.rule.spike).toFixed(2));
  const gains = published === undefined ? [] : gainShares(published.graph.forest);
  return {
    title: `Risk that a Spot price rises by ${percent} % within ${hours} h`,
    horizonHours: hours,
    spike: set.rule.spike,
    verdict,
    reliability: reliability(probabilities, rows.labels, 20),
    curve: curvePoints(rankedScores(probabilities, rows), rows.labels),
    days: daysOf(set, trial.rows, probabilities),
    slices,
    gains: (published?.features ?? [])
      .map((feature, index) => ({ feature, share: gains[index] ?? 0 }))
      .sort((a, b) => b.share - a.share),
    ...(published !== undefined && { calibration: published.calibration.points }),
    history,
  };
}

function daysOf(set: LearningSet, rows: Uint32Array, probabilities: Float32Array): DayOfTrial[] {
  const dayOf = (at: number): string =>
    new Date(set.table.timesMs[set.table.timeOf[rows[at] ?? 0] ?? 0] ?? 0).toISOString().slice(0, 10);
  return [...Map.groupBy(rows.keys(), dayOf)].map(([day, places]) => ({
    day,
    predicted: places.reduce((sum, at) => sum + (probabilities[at] ?? 0), 0) / places.length,
    observed: places.reduce((sum, at) => sum + (set.labels[rows[at] ?? 0] ?? 0), 0) / places.length,
  }));
}
