import { calibrated, isotonicPoints, plattLine, plattPoints } from '../learning/calibration.ts';
import type { CalibrationPoints } from '../learning/calibration.ts';
import { featureNames } from '../learning/feature-names.ts';
import { columnOf } from '../learning/features.ts';
import type { Forest } from '../learning/forest.ts';
import type { GrowthRules } from '../learning/growth.ts';
import { logisticModel } from '../learning/logistic.ts';
import type { LogisticModel } from '../learning/logistic.ts';
import { hourMs } from '../learning/price-lattice.ts';
import type { PriceSeries } from '../learning/price-series.ts';
import { bestF1, rankedScores } from '../learning/ranking-metrics.ts';
import { blended, graphScores } from '../learning/scoring-graph.ts';
import type { ScoringGraph, Voice } from '../learning/scoring-graph.ts';
import { rowsBetween, thinned, valuesOf } from './learning-set.ts';
import type { LearningSet } from './learning-set.ts';
import { trainedForest } from './trained-forest.ts';

export interface FitOptions {
  readonly growth: Omit<GrowthRules, 'minLeafRows'>;
  /** Fewest rows of a leaf; one in a hundred of the rows, at least 50, when undefined. */
  readonly minLeafRows?: number;
  /** 0..1, how much of the say the linear part has. */
  readonly linearShare: number;
  /** 0..1, how much of the trees' say those have that learnt how near rises came, and not only whether they came. */
  readonly nearMissShare: number;
  /** At most about this many stable rows are learnt from. */
  readonly mostQuietRows: number;
  /** Last days of the window, on which the scale and the threshold are set by a model that has not seen them. */
  readonly calibrationDays: number;
  readonly threads: number;
  readonly features?: readonly string[];
  readonly pools?: (series: PriceSeries) => boolean;
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface FittedModel {
  readonly features: readonly string[];
  readonly graph: ScoringGraph;
  /** The linear part alone, at its full say: a baseline of its own. */
  readonly linear: LogisticModel;
  readonly calibration: { readonly method: 'platt' | 'isotonic'; readonly points: CalibrationPoints };
  /** Share of unstable rows in the window. */
  readonly priorRate: number;
  /** Calibrated probability with the largest F1 on the calibration slice. */
  readonly f1Threshold: number;
  readonly rows: number;
  readonly unstableRows: number;
}

const dayMs = 24 * hourMs;

/**
 * How far a slice's calibration is followed, 0..1. The rate of one month is not that of the next (it changes a hundredfold
 * between seasons), so most of what a recent slice says of the level is gone when the model is used.
 */
const calibrationTrust = 0.25;

/** Rows of each kind that hold a line in log-odds to the identity, see {@link plattLine}. */
const pull = 50;

/**
 * Learns from the rows of [fromMs, toMs) whose answers were known at `toMs`. A first model without the last days sets scale and
 * threshold on those days; the model that counts has then seen all of the window.
 */
export async function fittedModel(
  set: LearningSet,
  fromMs: number,
  toMs: number,
  options: FitOptions,
): Promise<FittedModel> {
  const features = options.features ?? featureNames;
  const columns = features.map((name) => columnOf(set.table, name));
  const knownMs = toMs - set.rule.horizonMs;
  const sliceMs = toMs - options.calibrationDays * dayMs;
  const rows = rowsBetween(set, fromMs, knownMs, options.pools);
  const unstableRows = valuesOf(set.labels, rows).reduce((sum, label) => sum + label, 0);
  const early = rowsBetween(set, fromMs, sliceMs - set.rule.horizonMs, options.pools);
  const slice = rowsBetween(set, sliceMs, knownMs, options.pools);
  const scale =
    options.calibrationDays > 0 ? await sliceScale(set, columns, early, slice, options) : undefined;
  const { graph, linear } = await grown(set, columns, rows, options);
  return {
    features,
    graph,
    linear,
    calibration: scale?.calibration ?? { method: 'platt', points: plattPoints({ intercept: 0, slope: 1 }) },
    priorRate: Math.min(Math.max(unstableRows / rows.length, 1e-6), 0.5),
    f1Threshold: scale?.f1Threshold ?? 0.5,
    rows: rows.length,
    unstableRows,
  };
}

/**
 * Half of the trees learn whether the price rose by as much, half how near it came: there are few rises in a quiet season, and many
 * moments that nearly were one. A line in log-odds, fitted on the same rows, brings the second half to the scale of the first.
 */
async function grown(
  set: LearningSet,
  columns: readonly Float32Array[],
  rows: Uint32Array,
  options: FitOptions,
): Promise<{ graph: ScoringGraph; linear: LogisticModel }> {
  const { growth, nearMissShare } = options;
  const part = thinned(set, rows, options.mostQuietRows, growth.seed);
  const half = Math.ceil(growth.trees / 2);
  const treesOf = (share: number): number => (share === 0 ? 0 : share === 1 ? growth.trees : half);
  const grow = async (labels: Uint8Array | Float32Array, trees: number): Promise<Forest> =>
    await trainedForest(
      { columns, rows: part.rows, weights: part.weights, labels },
      {
        rules: {
          ...growth,
          trees,
          minLeafRows: options.minLeafRows ?? Math.max(50, Math.round(part.rows.length / 100)),
        },
        threads: options.threads,
        onTree: (grownTrees) =>
          options.onProgress?.(`${grownTrees} of ${trees} trees on ${part.rows.length} rows`),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
  const voices: Voice[] = [];
  const treeShare = 1 - options.linearShare;
  if (nearMissShare < 1)
    voices.push({
      forest: await grow(part.labels, treesOf(1 - nearMissShare)),
      share: treeShare * (1 - nearMissShare),
    });
  if (nearMissShare > 0) {
    const forest = await grow(part.closeness, treesOf(nearMissShare));
    const line = plattLine(graphScores({ forest }, columns, part.rows), part.labels, pull, part.weights);
    voices.push({ forest, share: treeShare * nearMissShare, line });
  }
  const few = thinned(set, rows, options.mostQuietRows / 4, growth.seed + 1);
  const linear = logisticModel(columns, few.rows, few.labels, few.weights);
  return { graph: blended(voices, linear), linear };
}

/** Undefined when there is nothing to calibrate on: no unstable moment before the slice or in it. */
async function sliceScale(
  set: LearningSet,
  columns: readonly Float32Array[],
  early: Uint32Array,
  slice: Uint32Array,
  options: FitOptions,
): Promise<Pick<FittedModel, 'calibration' | 'f1Threshold'> | undefined> {
  const earlyOnes = valuesOf(set.labels, early).reduce((sum, label) => sum + label, 0);
  const labels = valuesOf(set.labels, slice);
  const ones = labels.reduce((sum, label) => sum + label, 0);
  if (earlyOnes === 0 || earlyOnes === early.length || ones === 0 || ones === labels.length) return undefined;
  const { graph } = await grown(set, columns, early, options);
  const scores = graphScores(graph, columns, slice);
  const line = plattLine(scores, labels);
  const points = plattPoints({
    intercept: calibrationTrust * line.intercept,
    slope: 1 + calibrationTrust * (line.slope - 1),
  });
  const probabilities = scores.map((score) => calibrated(points, score));
  const judged = oneGroup(labels);
  return {
    calibration: { method: 'platt', points },
    f1Threshold: bestF1(rankedScores(probabilities, judged), labels).threshold,
  };
}

function oneGroup(labels: Uint8Array) {
  const zeros = new Uint32Array(labels.length);
  return { labels, poolOf: zeros, poolCount: 1, blockOf: zeros, blockCount: 1 };
}

/** Calibrated probabilities of rows. */
export function probabilitiesOf(model: FittedModel, set: LearningSet, rows: Uint32Array): Float32Array {
  const columns = model.features.map((name) => columnOf(set.table, name));
  return graphScores(model.graph, columns, rows).map((score) => calibrated(model.calibration.points, score));
}

/** A raw signal as a probability: the rising curve that fits the training rows. */
export function signalCurve(
  set: LearningSet,
  column: Float32Array,
  rows: Uint32Array,
  quiet: number,
): CalibrationPoints {
  const part = thinned(set, rows, quiet, 3);
  return isotonicPoints(valuesOf(column, part.rows), part.labels, part.weights);
}
