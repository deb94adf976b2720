import { ownFeatures, featureNames } from '../../learning/feature-names.ts';
import type { GrowthRules } from '../../learning/growth.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import { plattLine } from '../../learning/calibration.ts';
import type { Forest } from '../../learning/forest.ts';
import { logisticModel } from '../../learning/logistic.ts';
import type { LogisticModel } from '../../learning/logistic.ts';
import { blended, graphScores } from '../../learning/scoring-graph.ts';
import type { ScoringGraph, WeightedForest } from '../../learning/scoring-graph.ts';
import { thinned } from './learning-set.ts';
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
  /** What those trees see of `features`; {@link ownFeatures} when undefined. */
  readonly nearMissFeatures?: readonly string[];
  /** At most about this many stable rows are learnt from. */
  readonly mostQuietRows: number;
  /** Last days of the window, on which the scale and the threshold are set by a model that has not seen them. */
  readonly calibrationDays: number;
  readonly threads: number;
  readonly features?: readonly string[];
  readonly pools?: (series: PriceSeries) => boolean;
  /** Told how much of it is done, 0..1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Half of the trees learn whether the price rose by as much, half how near it came: there are few rises in a quiet season, and many
 * moments that nearly were one. The second half sees less, see {@link ownFeatures}. A line in log-odds, fitted on the same rows,
 * brings it to the scale of the first.
 */
export async function grownGraph(
  set: LearningSet,
  columns: readonly Float32Array[],
  rows: Uint32Array,
  options: FitOptions,
): Promise<{ graph: ScoringGraph; linear: LogisticModel }> {
  const { growth, nearMissShare } = options;
  const features = options.features ?? featureNames;
  const part = thinned(set, rows, options.mostQuietRows, growth.seed);
  const trees = nearMissShare > 0 && nearMissShare < 1 ? Math.ceil(growth.trees / 2) : growth.trees;
  const forests = nearMissShare > 0 && nearMissShare < 1 ? 2 : 1;
  let grownForests = 0;
  const grow = async (labels: Uint8Array | Float32Array, seen = columns): Promise<Forest> =>
    await trainedForest(
      { columns: seen, rows: part.rows, weights: part.weights, labels },
      {
        rules: {
          ...growth,
          trees,
          minLeafRows: options.minLeafRows ?? Math.max(50, Math.round(part.rows.length / 100)),
        },
        threads: options.threads,
        onTree: (grownTrees) => options.onProgress?.((grownForests + grownTrees / trees) / forests),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
  const weightedForests: WeightedForest[] = [];
  const treeShare = 1 - options.linearShare;
  if (nearMissShare < 1)
    weightedForests.push({
      forest: await grow(part.labels),
      share: treeShare * (1 - nearMissShare),
    });
  grownForests = weightedForests.length;
  if (nearMissShare > 0) {
    const visible: readonly string[] = options.nearMissFeatures ?? ownFeatures;
    const places = features.flatMap((name, place) => (visible.includes(name) ? [place] : []));
    const seen = places.flatMap((place) => columns[place] ?? []);
    const forest = await grow(part.closeness, seen);
    const line = plattLine(graphScores({ forest }, seen, part.rows), part.labels, { weights: part.weights });
    weightedForests.push({ forest, share: treeShare * nearMissShare, places, line });
  }
  const few = thinned(set, rows, options.mostQuietRows / 2, growth.seed + 1);
  const linear = logisticModel(columns, few.rows, few.labels, few.weights);
  return { graph: blended(weightedForests, linear, columns.length), linear };
}
