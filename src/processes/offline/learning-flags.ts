import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../errors/usage-error.ts';
import { reportText } from '../../offline/history/history-report.ts';
import type { HistoryReport } from '../../offline/history/history-report.ts';
import { loadHistory } from '../../offline/history/load-history.ts';
import { timeOfText } from '../../formats/price-text.ts';
import { defaultGrowth } from '../../learning/growth.ts';
import type { LabelRule } from '../../learning/label.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import type { FitOptions } from '../../offline/training/grown-graph.ts';
import { defaultMinPricePerHour } from '../../offline/training/learning-set.ts';
import { onDemandPrices } from '../../offline/training/on-demand-files.ts';
import type { OnDemandPrices } from '../../offline/training/on-demand-files.ts';
import type { CommandContext } from '../command-context.ts';
import { openLocation } from './open-location.ts';

export type Flags = Readonly<Record<string, unknown>>;

/** Which history is read. */
export function addHistoryFlags(command: Command): Command {
  return command
    .requiredOption('--history <place>', 'price history: a file, a directory or s3://bucket/prefix')
    .option('--region <names>', 'these regions only, separated by commas')
    .option(
      '--on-demand <path>',
      'on-demand prices: a CSV or static intelligence file, a folder of them or s3://bucket/prefix',
    )
    .option(
      '--min-price <usd>',
      `pools cheaper than this an hour get no score (default: ${defaultMinPricePerHour}, or what the model's card says)`,
    );
}

/** How a model is learnt. */
export function addLearningFlags(command: Command): Command {
  return addHistoryFlags(command)
    .option('--since <time>', 'take no history before this, such as 2023-11-01')
    .option('--until <time>', 'nor after this')
    .option('--label-hours <hours>', 'how far ahead the target looks', '12')
    .option('--spike <share>', 'rise of the price that counts, 0.03 for 3 %', '0.03')
    .option('--window-days <days>', 'days of history that a model learns from', '300')
    .option('--calibration-days <days>', 'last days of the window, for scale and threshold', '28')
    .option('--seed <number>', 'same seed, same model', '1')
    .option('--trees <count>', 'most trees', '150')
    .option('--depth <levels>', 'deepest tree', String(defaultGrowth.maxDepth))
    .option('--leaves <count>', 'most leaves of a tree', String(defaultGrowth.leaves))
    .option('--learning-rate <share>', 'how far each tree goes', '0.1')
    .option('--feature-fraction <share>', 'features each tree may use', String(defaultGrowth.featureFraction))
    .option('--min-leaf-rows <rows>', 'fewest rows of a leaf (default: 1 % of the rows)')
    .option('--l2 <weight>', 'how strongly leaves are drawn to zero', '100')
    .option('--linear-share <share>', "the logistic part's say in the score, 0..1", '0.25')
    .option(
      '--near-miss-share <share>',
      'of the say of the trees, that of the half that learns how near rises came',
      '0.67',
    )
    .option('--most-quiet-rows <rows>', 'stable rows to learn from, at most', '100000')
    .option('--threads <count>', 'threads to grow trees with', String(Math.min(availableParallelism(), 4)));
}

/** @throws UsageError when the flag is no number of the range. */
export function numberFlag(flags: Flags, name: string, least: number, most: number): number {
  const value = Number(flags[name]);
  if (!(value >= least && value <= most))
    throw new UsageError([
      `--${dashed(name)} must be a number from ${least} to ${most}, not ${String(flags[name])}`,
    ]);
  return value;
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Where a file of results goes, looked at before the work whose results it is to hold.
 * @throws UsageError when no file can be there.
 */
export function resultFileFlag(flags: Flags, name: string): string | undefined {
  const path = textFlag(flags, name);
  if (path === undefined) return undefined;
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true)
    throw new UsageError([
      `--${dashed(name)} ${path} cannot be written: there is no folder ${dirname(path)}`,
    ]);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError([`--${dashed(name)} ${path} cannot be written: it is a folder`]);
  return path;
}

/** The regions that the flag names; undefined for all. */
export function regionsFlag(flags: Flags): readonly string[] | undefined {
  return textFlag(flags, 'region')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** @throws UsageError when the flag is missing. */
export function neededFlag(flags: Flags, name: string): string {
  const value = textFlag(flags, name);
  if (value === undefined) throw new UsageError([`--${dashed(name)} is needed`]);
  return value;
}

/** A moment as the operator wrote it, read as the times of a history are. @throws UsageError when it is none. */
export function timeFlag(flags: Flags, name: string): number {
  const text = neededFlag(flags, name);
  const atMs = timeOfText(text);
  if (Number.isNaN(atMs))
    throw new UsageError([
      `--${dashed(name)} must be a date or a time such as 2024-01-31 or 2024-01-31T06:00:00Z (UTC unless it names another zone), not "${text}"`,
    ]);
  return atMs;
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export interface GivenHistory {
  readonly series: readonly PriceSeries[];
  readonly report: HistoryReport;
  readonly onDemand: OnDemandPrices;
}

/** Reads the history that the flags name and tells what was dropped of it. */
export async function givenHistory(
  flags: Flags,
  context: CommandContext,
  span: { readonly fromMs?: number; readonly toMs?: number } = {},
): Promise<GivenHistory> {
  const place = neededFlag(flags, 'history');
  const regions = regionsFlag(flags);
  const onDemand = await onDemandPrices(textFlag(flags, 'onDemand'), place, openLocation, context.signal);
  const { series, report } = await loadHistory(
    place,
    openLocation,
    {
      ...(regions === undefined ? {} : { regions }),
      ...(textFlag(flags, 'since') === undefined ? {} : { fromMs: timeFlag(flags, 'since') }),
      ...(textFlag(flags, 'until') === undefined ? {} : { toMs: timeFlag(flags, 'until') }),
      ...span,
      onProgress: (sentence) => context.writeError(`${sentence}\n`),
    },
    context.signal,
  );
  context.writeError(reportText(report));
  context.writeError(
    onDemand.count === 0
      ? 'No on-demand prices: four times the Spot price is taken instead, and discount_depth says nothing.\n'
      : `${onDemand.count} on-demand prices from ${onDemand.source}.\n`,
  );
  if (series.length === 0)
    throw new UsageError([`the history at ${place} holds no prices of what was asked for`]);
  return { series, report, onDemand };
}

/** USD per hour: what the flag says, else what the model was trained with. */
export function minPriceFlag(flags: Flags, card?: ModelCard): number {
  return textFlag(flags, 'minPrice') === undefined
    ? (card?.minPricePerHour ?? defaultMinPricePerHour)
    : numberFlag(flags, 'minPrice', 0, 1000);
}

export function labelRule(flags: Flags): LabelRule {
  return {
    horizonMs: numberFlag(flags, 'labelHours', 1, 24 * 14) * hourMs,
    spike: numberFlag(flags, 'spike', 0.001, 10),
  };
}

/** The flags of learning, read. Progress goes to standard error, one line that is written over. */
export function fitOptions(flags: Flags, context: CommandContext): FitOptions {
  const minLeafRows = textFlag(flags, 'minLeafRows');
  return {
    growth: {
      trees: numberFlag(flags, 'trees', 1, 10_000),
      maxDepth: numberFlag(flags, 'depth', 1, 16),
      leaves: numberFlag(flags, 'leaves', 2, 255),
      learningRate: numberFlag(flags, 'learningRate', 0.001, 1),
      featureFraction: numberFlag(flags, 'featureFraction', 0.05, 1),
      l2: numberFlag(flags, 'l2', 0, 1e6),
      seed: numberFlag(flags, 'seed', 0, 2 ** 31),
      patience: 0,
    },
    ...(minLeafRows === undefined ? {} : { minLeafRows: numberFlag(flags, 'minLeafRows', 1, 1e9) }),
    linearShare: numberFlag(flags, 'linearShare', 0, 1),
    nearMissShare: numberFlag(flags, 'nearMissShare', 0, 1),
    mostQuietRows: numberFlag(flags, 'mostQuietRows', 1000, 1e9),
    calibrationDays: numberFlag(flags, 'calibrationDays', 0, 3650),
    threads: numberFlag(flags, 'threads', 1, 64),
    onProgress: progressLine(context),
    signal: context.signal,
  };
}

/** A line every two seconds at most: what a log would drown in is left out. */
export function progressLine(context: CommandContext): (text: string) => void {
  let toldAtMs = 0;
  return (text) => {
    const now = performance.now();
    if (now - toldAtMs < 2000) return;
    toldAtMs = now;
    context.writeError(`${text}\n`);
  };
}
