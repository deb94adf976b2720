import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { flag, setting } from '../../config/setting.ts';
import { takes } from '../../config/value-text.ts';
import {
  awsRegionList,
  boundedNumber,
  durationMs,
  filePath,
  moment,
  resultFile,
  wholeNumber,
  yesOrNo,
} from '../../config/value-types.ts';
import { defaultGrowth } from '../../learning/growth.ts';
import { defaultMinPricePerHour } from '../../offline/training/learning-set.ts';

/** Which history is read. */
export const historySettings = {
  history: setting(filePath, undefined, 'place', 'price history: a file, a directory or s3://bucket/prefix'),
  region: setting(awsRegionList.optional(), undefined, 'regions', 'these regions only'),
  on_demand: setting(
    filePath.optional(),
    undefined,
    'place',
    'on-demand prices: a CSV or static intelligence file, a folder of them or s3://bucket/prefix',
  ),
  min_price: setting(
    boundedNumber(0, 1_000).optional(),
    undefined,
    'USD/h',
    `pools cheaper than this get no score; default ${defaultMinPricePerHour}, or what the model's card says`,
  ),
} as const;

const spanSettings = {
  since: setting(moment.optional(), undefined, 'time', 'take no history before this'),
  until: setting(moment.optional(), undefined, 'time', 'nor after this'),
} as const;

/** How a model is learnt. */
const recipeSettings = {
  label_hours: setting(boundedNumber(1, 336), 12, 'hours', 'how far ahead the target looks'),
  spike: setting(boundedNumber(0.001, 10), 0.03, 'share', 'rise of the price that counts, 0.03 for 3 %'),
  window_days: setting(boundedNumber(1, 36_500), 300, 'days', 'history that a model learns from'),
  calibration_days: setting(
    boundedNumber(0, 3_650),
    28,
    'days',
    'at the end of the window, for scale and threshold',
  ),
  seed: setting(wholeNumber(0, 2 ** 31), 1, 'number', 'same seed, same model'),
  trees: setting(wholeNumber(1, 10_000), 150, 'count', 'most trees'),
  depth: setting(wholeNumber(1, 16), defaultGrowth.maxDepth, 'levels', 'deepest tree'),
  leaves: setting(wholeNumber(2, 255), defaultGrowth.leaves, 'count', 'most leaves of a tree'),
  learning_rate: setting(boundedNumber(0.001, 1), 0.1, 'share', 'how far each tree goes'),
  feature_fraction: setting(
    boundedNumber(0.05, 1),
    defaultGrowth.featureFraction,
    'share',
    'features that each tree may use',
  ),
  min_leaf_rows: setting(
    wholeNumber(1, 1e9).optional(),
    undefined,
    'rows',
    'fewest of a leaf; default 1 % of the rows',
  ),
  l2: setting(boundedNumber(0, 1e6), 100, 'weight', 'how strongly leaves are drawn to zero'),
  linear_share: setting(boundedNumber(0, 1), 0.25, '0..1', "the logistic part's say in the score"),
  near_miss_share: setting(
    boundedNumber(0, 1),
    0.67,
    '0..1',
    'of the say of the trees, that of the half that learns how near rises came',
  ),
  most_quiet_rows: setting(wholeNumber(1_000, 1e9), 100_000, 'rows', 'stable rows to learn from, at most'),
  threads: setting(wholeNumber(1, 64), Math.min(availableParallelism(), 4), 'count', 'to grow trees with'),
} as const;

const draws = (fallback: number) =>
  setting(wholeNumber(20, 100_000), fallback, 'count', 'draws of whole days behind each interval');

export const learningSettings = { ...historySettings, ...spanSettings, ...recipeSettings } as const;

/** The i-th of n shares, as a Kubernetes Indexed Job gives one to each of its pods. */
export const shardSetting = (what: string) =>
  setting(
    takes(
      'i from 0 to n − 1, such as 0/4',
      z.string().refine((text) => {
        const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
        return index !== undefined && Number(index) < Number(count);
      }, 'takes i/n with i from 0 to n − 1, such as 0/4'),
    ).optional(),
    undefined,
    'i/n',
    what,
  );

export const trainSettings = {
  scope: 'TRAIN',
  table: {
    ...learningSettings,
    out: setting(
      z.string().min(1),
      undefined,
      'place',
      'where servers look for models: a directory or s3://bucket/prefix',
    ),
    per_family: setting(
      yesOrNo,
      'false',
      '',
      'also a model for each family that has enough unstable moments',
    ),
    family_unstable: setting(
      wholeNumber(1, 1e9),
      500,
      'count',
      'unstable moments that a family must have shown for that',
    ),
    shard: shardSetting('learn a model for each region of the i-th of n shares, under OUT/REGION'),
    draws: draws(100),
    publish_below_baseline: setting(yesOrNo, 'false', '', 'publish even when a baseline is as good'),
  },
} as const;

export const backtestSettings = {
  scope: 'BACKTEST',
  table: {
    ...learningSettings,
    model: setting(
      filePath.optional(),
      undefined,
      'file',
      'instead of the recipe: this published model, on what came after its data, else on regions that it never saw',
    ),
    origins: setting(
      takes('such as 2023-10,2023-11, or how many of the last', z.string()),
      '4',
      'months',
      'months to forecast',
    ),
    leave_regions_out: setting(yesOrNo, 'false', '', 'also forecast each region by models that never saw it'),
    ablations: setting(
      yesOrNo,
      'false',
      '',
      'also without what the family says, and on the eight features of the hypothesis',
    ),
    draws: draws(200),
    json: flag(resultFile.optional(), undefined, 'file', 'write everything that was measured'),
    html: flag(resultFile.optional(), undefined, 'file', 'write it as a page with plots'),
  },
} as const;

export const scoreSettings = {
  scope: 'SCORE',
  table: {
    ...historySettings,
    model: setting(filePath, undefined, 'file', 'the .onnx file, its card beside it'),
    from: setting(moment, undefined, 'time', 'first moment'),
    to: setting(moment, undefined, 'time', 'last moment'),
    every: setting(durationMs(undefined, 60_000), '6h', 'duration', 'between two moments'),
    out: flag(z.string().min(1), undefined, 'file', 'CSV to write; - writes to standard output'),
  },
} as const;
