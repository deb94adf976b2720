import { blockDraws, interval95 } from '../../learning/bootstrap.ts';
import type { Interval } from '../../learning/bootstrap.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import { brierSkill, calibrationError, probabilitySums } from '../../learning/probability-metrics.ts';
import {
  bestF1,
  callsAt,
  precisionAtRecall,
  rankedScores,
  rankingMetrics,
} from '../../learning/ranking-metrics.ts';
import type { JudgedRows } from '../../learning/ranking-metrics.ts';
import type { Forecast } from './baselines.ts';
import type { LearningSet } from './learning-set.ts';
import { valuesOf } from './learning-set.ts';

export const comparedMetrics = ['prAuc', 'withinPoolAuc', 'brierSkill'] as const;
export type ComparedMetric = (typeof comparedMetrics)[number];

export interface Estimate extends Interval {
  readonly value: number;
}

/** All that is measured of one forecast, with 95 % intervals over whole days. */
export interface Judgement {
  readonly prAuc: Estimate;
  readonly rocAuc: Estimate;
  readonly withinPoolAuc: Estimate;
  readonly brierSkill: Estimate;
  readonly calibrationError: number;
  readonly precisionAtRecall75: number;
  /** At the verdict's threshold, as are precision and recall. */
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  readonly bestF1: number;
}

export interface Verdict {
  readonly rows: number;
  readonly unstableRows: number;
  readonly prevalence: number;
  readonly days: number;
  /** Calibrated probability from which a moment is called unstable. */
  readonly f1Threshold: number;
  readonly judgements: Readonly<Record<string, Judgement>>;
  /** The first forecast less each other one, over the same draws of days. */
  readonly differences: Readonly<Record<string, Readonly<Record<ComparedMetric, Estimate>>>>;
}

export interface VerdictOptions {
  readonly draws: number;
  readonly seed: number;
  /** Calibrated probability at which F1 is taken. */
  readonly f1Threshold: number;
}

const dayMs = 24 * hourMs;

/** Judges forecasts of the same rows side by side; the first is compared with each of the others. */
export function verdictOf(
  set: LearningSet,
  rows: Uint32Array,
  forecasts: Readonly<Record<string, Forecast>>,
  options: VerdictOptions,
): Verdict {
  const judged = judgedRows(set, rows);
  const draws = blockDraws(judged.blockCount, options.draws, options.seed);
  const measured = Object.entries(forecasts).map(
    ([name, forecast]) => [name, measurements(forecast, judged, draws, options)] as const,
  );
  const [first] = measured;
  const differences = Object.fromEntries(
    measured
      .slice(1)
      .map(([name, other]) => [name, first === undefined ? {} : differencesOf(first[1], other)]),
  ) as Verdict['differences'];
  const unstableRows = judged.labels.reduce((sum, label) => sum + label, 0);
  return {
    rows: rows.length,
    unstableRows,
    prevalence: unstableRows / rows.length,
    days: judged.blockCount,
    f1Threshold: options.f1Threshold,
    judgements: Object.fromEntries(measured.map(([name, { judgement }]) => [name, judgement])),
    differences,
  };
}

export function judgedRows(set: LearningSet, rows: Uint32Array): JudgedRows {
  const { table } = set;
  const days = Uint32Array.from(rows, (row) =>
    Math.floor((table.timesMs[table.timeOf[row] ?? 0] ?? 0) / dayMs),
  );
  const firstDay = days.reduce((least, day) => Math.min(least, day), days[0] ?? 0);
  const lastDay = days.reduce((most, day) => Math.max(most, day), days[0] ?? 0);
  return {
    labels: valuesOf(set.labels, rows),
    poolOf: valuesOf(table.poolOf, rows),
    poolCount: set.series.length,
    blockOf: days.map((day) => day - firstDay),
    blockCount: lastDay - firstDay + 1,
  };
}

type Draws = Readonly<Record<ComparedMetric | 'rocAuc', readonly number[]>>;

interface Measured {
  readonly judgement: Judgement;
  readonly draws: Draws;
}

function measurements(
  forecast: Forecast,
  rows: JudgedRows,
  draws: readonly Float64Array[],
  options: VerdictOptions,
): Measured {
  const ranked = rankedScores(forecast.scores, rows);
  const sums = probabilitySums(forecast.probabilities, rows);
  const now = { ...rankingMetrics(ranked, rows), brierSkill: brierSkill(sums) };
  const drawn = draws.map((weights) => ({
    ...rankingMetrics(ranked, rows, weights),
    brierSkill: brierSkill(sums, weights),
  }));
  const over: Draws = {
    prAuc: drawn.map((one) => one.prAuc),
    rocAuc: drawn.map((one) => one.rocAuc),
    withinPoolAuc: drawn.map((one) => one.withinPoolAuc),
    brierSkill: drawn.map((one) => one.brierSkill),
  };
  const estimate = (metric: keyof Draws): Estimate => ({ value: now[metric], ...interval95(over[metric]) });
  return {
    draws: over,
    judgement: {
      prAuc: estimate('prAuc'),
      rocAuc: estimate('rocAuc'),
      withinPoolAuc: estimate('withinPoolAuc'),
      brierSkill: estimate('brierSkill'),
      calibrationError: calibrationError(forecast.probabilities, rows.labels),
      precisionAtRecall75: precisionAtRecall(ranked, rows.labels, 0.75),
      ...callsAt(forecast.probabilities, rows.labels, options.f1Threshold),
      bestF1: bestF1(ranked, rows.labels).f1,
    },
  };
}

function differencesOf(model: Measured, other: Measured): Record<ComparedMetric, Estimate> {
  const difference = (metric: ComparedMetric): Estimate => ({
    value: model.judgement[metric].value - other.judgement[metric].value,
    ...interval95(
      model.draws[metric].map((value, draw) => value - (other.draws[metric][draw] ?? Number.NaN)),
    ),
  });
  return {
    prAuc: difference('prAuc'),
    withinPoolAuc: difference('withinPoolAuc'),
    brierSkill: difference('brierSkill'),
  };
}
