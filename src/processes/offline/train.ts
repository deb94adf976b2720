import { createHash } from 'node:crypto';
import { Command } from 'commander';
import { openOnnxModel } from '../../adapters/onnx/onnx-model.ts';
import { regionShare } from '../../config/region-share.ts';
import type { SettingValues } from '../../config/setting.ts';
import type { FamilyScale, ModelCard } from '../../formats/model-card.ts';
import { familyOfType } from '../../learning/instance-size.ts';
import { onnxBytes } from '../../learning/onnx-graph.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import { reportText } from '../../offline/history/history-report.ts';
import { belowBaseline } from '../../offline/training/below-baseline.ts';
import { fittedModel, type FittedModel } from '../../offline/training/fitted-model.ts';
import {
  defaultMinPricePerHour,
  learningSet,
  type LearningSet,
} from '../../offline/training/learning-set.ts';
import { publish } from '../../offline/training/published-models.ts';
import { trialFiles } from '../../offline/training/trial-files.ts';
import { trialReport } from '../../offline/training/trial-report.ts';
import { trialSlices } from '../../offline/training/trial-slices.ts';
import { mustScoreAlike } from '../../offline/training/tried-model.ts';
import { callsText, verdictTable } from '../../offline/training/verdict-text.ts';
import { verdictOf } from '../../offline/training/verdict.ts';
import { trialOrigins, walkForward } from '../../offline/training/walk-forward.ts';
import { modelCard, scoreScale } from '../../offline/training/written-card.ts';
import type { CommandContext } from '../command-context.ts';
import { progressOf, type Progress } from '../progress.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { learningHistory, spanOfFlags, type LearningHistory } from './learning-history.ts';
import { trainSettings } from './learning-settings.ts';
import { openStore } from './open-location.ts';
import { publishingPlace } from './publishing-place.ts';
import { fitOptionsOf, labelRuleOf } from './recipe.ts';

/** `spot-expander train`: learns from price history, tries the result on what it had not seen, and publishes it if it is worth it. */
export function trainCommand(context: CommandContext): Command {
  return withSettings(new Command('train'), trainSettings, '0 published, 1 refused or failed, 2 used wrongly')
    .description('learn a model from price history, judge it, and publish it beside its card and report')
    .action(async (options: Readonly<Record<string, unknown>>) => await train(options, context));
}

type TrainSettings = SettingValues<typeof trainSettings.table>;

/** One model to learn. */
interface TrainTask {
  readonly settings: TrainSettings;
  readonly out: string;
  readonly history: LearningHistory;
  readonly series: readonly PriceSeries[];
  readonly progress: Progress;
}

async function train(options: Readonly<Record<string, unknown>>, context: CommandContext): Promise<void> {
  const settings = readSettings(trainSettings, options, context);
  const span = spanOfFlags(settings);
  const out = publishingPlace(settings.out);
  const progress = progressOf(context);
  const { shard } = settings;
  const own =
    shard === undefined || settings.region === undefined ? undefined : regionShare(shard, settings.region);
  if (own?.length === 0) {
    context.writeError(`share ${shard} of ${settings.region?.length} regions is empty: nothing to learn\n`);
    return;
  }
  try {
    // Regions that are named are shared out before anything is read, those of the history after that.
    const asked = own === undefined ? settings : { ...settings, region: own };
    const history = await learningHistory(asked, span, progress, context.signal);
    const { series } = history;
    if (shard === undefined) {
      await trainOne({ settings: settings, out, history, series, progress }, context);
      return;
    }
    const found = [...new Set(series.map(({ region }) => region))].sort();
    for (const region of own ?? regionShare(shard, found)) {
      progress.say(`\n${region}`);
      const ofRegion = series.filter((one) => one.region === region);
      await trainOne(
        { settings: settings, out: `${out}/${region}`, history, series: ofRegion, progress },
        context,
      );
    }
  } finally {
    progress.end();
  }
}

async function trainOne(task: TrainTask, context: CommandContext): Promise<void> {
  const { settings: told, out, history, series, progress } = task;
  const { window_days: windowDays } = told;
  const rule = labelRuleOf(told);
  const minPricePerHour = told.min_price ?? defaultMinPricePerHour;
  const set = learningSet(series, { rule, onDemandPerHour: history.onDemand.table, minPricePerHour });
  const origins = trialOrigins(set.fromMs, set.toMs, rule.horizonMs);
  // The published model takes about as long as one of those that are tried before it.
  const models = origins.length + 1;
  const fit = fitOptionsOf(told, context.signal, (share) =>
    progress.at('learning and trying', share * origins.length, models),
  );
  const trial = await walkForward(set, {
    fit,
    origins,
    windowDays,
    leaveRegionsOut: false,
    ablations: false,
  });
  const judging = { draws: told.draws, seed: told.seed, f1Threshold: trial.f1Threshold };
  const verdict = verdictOf(set, trial.rows, trial.forecasts, judging);
  progress.end();
  context.writeOut(`${verdictTable(verdict)}${callsText(verdict)}`);
  const name = `family-stress-${told.label_hours}h`;
  const historyLines = reportText(history.report).trim().split('\n');
  const reportOf = (fitted: FittedModel | undefined) =>
    trialFiles(
      name,
      trialReport(set, trial, verdict, trialSlices(set, trial, judging), fitted, historyLines),
    );
  const store = await openStore(out);
  const faults = belowBaseline(verdict);
  if (faults.length > 0 && !told.publish_below_baseline) {
    const written: string[] = [];
    for (const [file, text] of reportOf(undefined)) {
      await store.put(`refused/${file}`, new TextEncoder().encode(text), context.signal);
      written.push(`${out}/refused/${file}`);
    }
    context.writeError(`Not published:\n${faults.map((fault) => `- ${fault}\n`).join('')}`);
    context.writeOut(`What was measured: ${written.join(', ')}.\n`);
    context.setExitCode(1);
    return;
  }
  const windowStartMs = set.toMs - windowDays * 24 * hourMs;
  const fitted = await fittedModel(set, windowStartMs, set.toMs + rule.horizonMs, {
    ...fit,
    onProgress: (share) => progress.at('learning and trying', origins.length + share, models),
  });
  const files = new Map<string, Uint8Array>();
  const sha256 = addModel(files, `${name}.onnx`, fitted);
  const families = told.per_family
    ? await familyScales(set, windowStartMs, task, { name, files }, context)
    : undefined;
  progress.end();
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
  await mustScoreAlike(card, files, set, fitted, openOnnxModel, context.signal);
  await publish(store, { name, card, models: files, reports: reportOf(fitted) }, context.signal);
  context.writeOut(
    [
      `Published ${name} ${card.version} at ${out}.`,
      `  model   ${out}/${name}.onnx`,
      `  card    ${out}/${name}.card.json`,
      `  report  ${out}/${name}.report.html, with its plots; the figures alone in ${name}.report.json`,
      '',
    ].join('\n'),
  );
}

function addModel(models: Map<string, Uint8Array>, file: string, fitted: FittedModel): string {
  const bytes = onnxBytes(fitted.graph, { features: fitted.features.join(' ') });
  models.set(file, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

async function familyScales(
  set: LearningSet,
  fromMs: number,
  { settings: told, progress }: TrainTask,
  { name, files }: { readonly name: string; readonly files: Map<string, Uint8Array> },
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
    if (unstable < told.family_unstable) continue;
    progress.say(`${family}: a model of its own (${unstable} unstable moments)`);
    const fitted = await fittedModel(set, fromMs, set.toMs + set.rule.horizonMs, {
      ...fitOptionsOf(told, context.signal, (share) => progress.at(family, share, 1)),
      pools: (one) => familyOfType(one.instanceType) === family,
    });
    const file = `${name}--${family}.onnx`;
    scales[family] = { file, ...scoreScale(fitted, addModel(files, file, fitted)) };
  }
  return scales;
}
