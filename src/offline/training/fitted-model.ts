import { calibrated, isotonicPoints, plattLine, plattPoints } from '../../learning/calibration.ts';
import type { CalibrationPoints } from '../../learning/calibration.ts';
import { featureNames } from '../../learning/feature-names.ts';
import { columnOf } from '../../learning/features.ts';
import type { LogisticModel } from '../../learning/logistic.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import { bestF1, rankedScores } from '../../learning/ranking-metrics.ts';
import { graphScores } from '../../learning/scoring-graph.ts';
import type { ScoringGraph } from '../../learning/scoring-graph.ts';
import { grownGraph, type FitOptions } from './grown-graph.ts';
import { rowsBetween, thinned, valuesOf } from './learning-set.ts';
import type { LearningSet } from './learning-set.ts';

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
  const hasSlice = options.calibrationDays > 0;
  const half = (from: number): FitOptions => ({
    ...options,
    onProgress: (share) => options.onProgress?.(from + share / 2),
  });
  const scale = hasSlice ? await sliceScale(set, columns, early, slice, half(0)) : undefined;
  const { graph, linear } = await grownGraph(set, columns, rows, hasSlice ? half(0.5) : options);
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
  const { graph } = await grownGraph(set, columns, early, options);
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
