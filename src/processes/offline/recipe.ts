import type { SettingValues } from '../../config/setting.ts';
import type { LabelRule } from '../../learning/label.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import type { FitOptions } from '../../offline/training/grown-graph.ts';
import type { learningSettings } from './learning-settings.ts';

type LearningSettings = SettingValues<typeof learningSettings>;

/** What is learnt. */
export function labelRuleOf({ label_hours, spike }: LearningSettings): LabelRule {
  return { horizonMs: label_hours * hourMs, spike };
}

/** How it is learnt; `onProgress` is told how much of each model is done, 0..1. */
export function fitOptionsOf(
  settings: LearningSettings,
  signal: AbortSignal,
  onProgress?: FitOptions['onProgress'],
): FitOptions {
  return {
    growth: {
      trees: settings.trees,
      maxDepth: settings.depth,
      leaves: settings.leaves,
      learningRate: settings.learning_rate,
      featureFraction: settings.feature_fraction,
      l2: settings.l2,
      seed: settings.seed,
      patience: 0,
    },
    ...(settings.min_leaf_rows !== undefined && { minLeafRows: settings.min_leaf_rows }),
    linearShare: settings.linear_share,
    nearMissShare: settings.near_miss_share,
    mostQuietRows: settings.most_quiet_rows,
    calibrationDays: settings.calibration_days,
    threads: settings.threads,
    ...(onProgress !== undefined && { onProgress }),
    signal,
  };
}
