import { createHash } from 'node:crypto';
import { Command } from 'commander';
import { openOnnxModel } from '../../adapters/onnx/onnx-model.ts';
import { regionShare } from '../../config/region-share.ts';
import { reportText } from '../../offline/history/history-report.ts';
import { openStore } from './open-location.ts';
import { familyOfType } from '../../learning/instance-size.ts';
import { onnxBytes } from '../../learning/onnx-graph.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { FamilyScale, ModelCard } from '../../formats/model-card.ts';
import { belowBaseline } from '../../offline/training/below-baseline.ts';
import { fittedModel } from '../../offline/training/fitted-model.ts';
import type { FittedModel } from '../../offline/training/fitted-model.ts';
import type { FitOptions } from '../../offline/training/grown-graph.ts';
import { learningSet } from '../../offline/training/learning-set.ts';
import type { LearningSet } from '../../offline/training/learning-set.ts';
import { modelCard, scoreScale } from '../../offline/training/written-card.ts';
import { publish } from '../../offline/training/published-models.ts';
import { reportPage } from '../../offline/training/report-page.ts';
import { trialReport } from '../../offline/training/trial-report.ts';
import { trialSlices } from '../../offline/training/trial-slices.ts';
import { verdictTable } from '../../offline/training/verdict-text.ts';
import { verdictOf } from '../../offline/training/verdict.ts';
import { trialOrigins, walkForward } from '../../offline/training/walk-forward.ts';
import type { CommandContext } from '../command-context.ts';
import { addLearningFlags, givenHistory, numberFlag, regionsFlag, textFlag } from './learning-flags.ts';
import type { Flags, GivenHistory } from './learning-flags.ts';
import { publishingPlace } from './publishing-place.ts';
import { recipeFlags } from './recipe-flags.ts';
import type { Recipe } from './recipe-flags.ts';
import { tried } from '../../offline/training/tried-model.ts';

/** `spot-expander train`: learns from price history, tries the result on what it had not seen, and publishes it if it is worth it. */
export function trainCommand(context: CommandContext): Command {
  return addLearningFlags(new Command('train'))
    .description('learn a model from price history, judge it, and publish it beside its card and report')
    .requiredOption('--out <place>', 'where servers look for models: a directory or s3://bucket/prefix')
    .option('--per-family', 'also a model for each family that has enough unstable moments')
    .option('--family-unstable <count>', 'unstable moments that a family must have shown for that', '500')
    .option('--shard <i/n>', 'learn a model for each region of the i-th of n shares, under OUT/REGION')
    .option('--draws <count>', 'draws of whole days behind each interval', '100')
    .option('--publish-below-baseline', 'publish even when a baseline is as good')
    .addHelpText('after', '\nExit codes: 0 published, 1 refused or failed, 2 used wrongly.')
    .action(async (flags: Flags) => await train(flags, context));
}

/** The flags, read before anything else is. */
interface TrainTask {
  readonly recipe: Recipe;
  readonly out: string;
  /** Unstable moments that a family must have shown for a model of its own; undefined without such models. */
  readonly familyUnstable: number | undefined;
  readonly publishBelowBaseline: boolean;
}

async function train(flags: Flags, context: CommandContext): Promise<void> {
  const fewestUnstable = numberFlag(flags, 'familyUnstable', 1, 1e9);
  const task: TrainTask = {
    recipe: recipeFlags(flags, context),
    out: publishingPlace(flags),
    familyUnstable: flags['perFamily'] === true ? fewestUnstable : undefined,
    publishBelowBaseline: flags['publishBelowBaseline'] === true,
  };
  const shard = textFlag(flags, 'shard');
  if (shard === undefined) {
    const history = await givenHistory(flags, context);
    await trainOne(task, context, history, history.series);
    return;
  }
  const named = regionsFlag(flags);
  const own = named === undefined ? undefined : regionShare(shard, named);
  if (own?.length === 0) {
    context.writeError(`share ${shard} of ${named?.length} regions is empty: nothing to learn\n`);
    return;
  }
  // Regions that are named are shared out before anything is read, those of the history after that.
  const history = await givenHistory(
    own === undefined ? flags : { ...flags, region: own.join(',') },
    context,
  );
  const found = [...new Set(history.series.map(({ region }) => region))].sort();
  for (const region of own === undefined ? regionShare(shard, found) : found) {
    context.writeError(`\n${region}\n`);
    const series = history.series.filter((one) => one.region === region);
    await trainOne({ ...task, out: `${task.out}/${region}` }, context, history, series);
  }
}

async function trainOne(
  { recipe, out, familyUnstable, publishBelowBaseline }: TrainTask,
  context: CommandContext,
  history: GivenHistory,
  series: readonly PriceSeries[],
): Promise<void> {
  const { rule, fit, minPricePerHour, windowDays } = recipe;
  const set = learningSet(series, { rule, onDemandPerHour: history.onDemand.table, minPricePerHour });
  const origins = trialOrigins(set.fromMs, set.toMs, rule.horizonMs);
  const trial = await walkForward(set, {
    fit,
    origins,
    windowDays,
    leaveRegionsOut: false,
    ablations: false,
  });
  const judging = { draws: recipe.draws, seed: fit.growth.seed, f1Threshold: trial.f1Threshold };
  const verdict = verdictOf(set, trial.rows, trial.forecasts, judging);
  context.writeOut(verdictTable(verdict));
  const faults = belowBaseline(verdict);
  if (faults.length > 0 && !publishBelowBaseline) {
    context.writeError(`Not published:\n${faults.map((fault) => `- ${fault}\n`).join('')}`);
    context.setExitCode(1);
    return;
  }
  const name = `family-stress-${rule.horizonMs / hourMs}h`;
  const windowStartMs = set.toMs - windowDays * 24 * hourMs;
  const fitted = await fittedModel(set, windowStartMs, set.toMs + rule.horizonMs, fit);
  const models = new Map<string, Uint8Array>();
  const sha256 = addModel(models, `${name}.onnx`, fitted);
  const families =
    familyUnstable === undefined
      ? undefined
      : await familyScales(set, windowStartMs, fit, name, models, familyUnstable, context);
  const card = modelCard({
    name,
    sha256,
    createdAtMs: Date.now(),
    set,
    fitted,
    verdict,
    minPricePerHour,
    windowStartMs,
    parameters: {
      ...fit.growth,
      linearShare: fit.linearShare,
      nearMissShare: fit.nearMissShare,
      windowDays,
      mostQuietRows: fit.mostQuietRows,
    },
    families,
  });
  await tried(card, models, set, fitted, openOnnxModel, context.signal);
  const slices = trialSlices(set, trial, judging);
  const report = trialReport(
    set,
    trial,
    verdict,
    slices,
    fitted,
    reportText(history.report).trim().split('\n'),
  );
  const reports = new Map([
    [`${name}.report.json`, `${JSON.stringify(report, null, 1)}\n`],
    [`${name}.report.html`, reportPage(report)],
  ]);
  await publish(await openStore(out), { name, card, models, reports }, context.signal);
  context.writeOut(`Published ${name} ${card.version} at ${out}.\n`);
}

function addModel(models: Map<string, Uint8Array>, file: string, fitted: FittedModel): string {
  const bytes = onnxBytes(fitted.graph, { features: fitted.features.join(' ') });
  models.set(file, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

async function familyScales(
  set: LearningSet,
  fromMs: number,
  fit: FitOptions,
  name: string,
  models: Map<string, Uint8Array>,
  fewestUnstable: number,
  context: CommandContext,
): Promise<NonNullable<ModelCard['families']>> {
  const scales: Record<string, FamilyScale> = {};
  const members = Map.groupBy(set.series.keys(), (pool) =>
    familyOfType(set.series[pool]?.instanceType ?? ''),
  );
  for (const [family, pools] of members) {
    const own = new Set(pools);
    let unstable = 0;
    for (let row = 0; row < set.table.rowCount; row += 1)
      if (set.labels[row] === 1 && own.has(set.table.poolOf[row] ?? -1)) unstable += 1;
    if (unstable < fewestUnstable) continue;
    context.writeError(`${family}: a model of its own (${unstable} unstable moments)\n`);
    const fitted = await fittedModel(set, fromMs, set.toMs + set.rule.horizonMs, {
      ...fit,
      pools: (one) => familyOfType(one.instanceType) === family,
    });
    const file = `${name}--${family}.onnx`;
    scales[family] = { file, ...scoreScale(fitted, addModel(models, file, fitted)) };
  }
  return scales;
}
