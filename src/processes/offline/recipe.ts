import type { SettingValues } from '../../config/setting.ts';
import type { LabelRule } from '../../learning/label.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import type { FitOptions } from '../../offline/training/grown-graph.ts';
import type { learningSettings } from './learning-settings.ts';

type Told = SettingValues<typeof learningSettings>;

/** What is learnt. */
export function labelRuleOf({ label_hours, spike }: Told): LabelRule {
  return { horizonMs: label_hours * hourMs, spike };
}

/** How it is learnt; `onProgress` is told how much of each model is done, 0..1. */
export function fitOptionsOf(
  told: Told,
  signal: AbortSignal,
  onProgress?: FitOptions['onProgress'],
): FitOptions {
  return {
    growth: {
      trees: told.trees,
      maxDepth: told.depth,
      leaves: told.leaves,
      learningRate: told.learning_rate,
      featureFraction: told.feature_fraction,
      l2: told.l2,
      seed: told.seed,
      patience: 0,
    },
    ...(told.min_leaf_rows !== undefined && { minLeafRows: told.min_leaf_rows }),
    linearShare: told.linear_share,
    nearMissShare: told.near_miss_share,
    mostQuietRows: told.most_quiet_rows,
    calibrationDays: told.calibration_days,
    threads: told.threads,
    ...(onProgress !== undefined && { onProgress }),
    signal,
  };
}
