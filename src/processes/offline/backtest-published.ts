import { writeFileSync } from 'node:fs';
import { openOnnxModel } from '../../adapters/onnx/onnx-model.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { openStore } from './open-location.ts';
import { columnOf } from '../../learning/features.ts';
import { logisticModel } from '../../learning/logistic.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import { baselineForecasts } from '../../offline/training/baselines.ts';
import {
  defaultMinPricePerHour,
  learningSet,
  rowsBetween,
  thinned,
} from '../../offline/training/learning-set.ts';
import type { LearningSet } from '../../offline/training/learning-set.ts';
import { publishedScores } from '../../offline/training/published-scores.ts';
import { storedModel } from '../../offline/training/stored-model.ts';
import { reportText } from '../../offline/history/history-report.ts';
import { reportPage } from '../../offline/training/report-page.ts';
import { trialReport } from '../../offline/training/trial-report.ts';
import { trialSlices } from '../../offline/training/trial-slices.ts';
import { callsText, differenceTable, verdictTable } from '../../offline/training/verdict-text.ts';
import { verdictOf } from '../../offline/training/verdict.ts';
import { modelName } from '../../offline/training/walk-forward.ts';
import type { Origin } from '../../offline/training/walk-forward.ts';
import type { CommandContext } from '../command-context.ts';
import { judgedMonths } from './judged-months.ts';
import type { JudgedMonths } from './judged-months.ts';
import type { SettingValues } from '../../config/setting.ts';
import { progressOf } from '../progress.ts';
import { learningHistory, spanOfFlags } from './learning-history.ts';
import type { backtestSettings } from './learning-settings.ts';
import { modelPlace } from './model-place.ts';
import { fitOptionsOf } from './recipe.ts';

export type BacktestSettings = SettingValues<typeof backtestSettings.table>;

/** Judges a published file on what came after its data, beside baselines that are learnt from the days before. */
export async function backtestPublished(
  settings: BacktestSettings,
  path: string,
  context: CommandContext,
): Promise<void> {
  const { json, html, draws } = settings;
  const fit = fitOptionsOf(settings, context.signal);
  const span = spanOfFlags(settings);
  const windowMs = settings.window_days * 24 * hourMs;
  const months = judgedMonths(settings.origins);
  const progress = progressOf(context);
  const { folder, file } = modelPlace(path);
  const model = await openOnnxModel(
    await storedModel(await openStore(folder), file, context.signal),
    context.signal,
  );
  try {
    const { card } = model;
    const minPricePerHour = settings.min_price ?? card.minPricePerHour ?? defaultMinPricePerHour;
    const history = await learningHistory(settings, span, progress, context.signal);
    const set = learningSet(history.series, {
      rule: { horizonMs: card.horizonHours * hourMs, spike: card.spikeThreshold },
      onDemandPerHour: history.onDemand.table,
      minPricePerHour,
    });
    const { test, train, sentence } = unseenPart(set, card, windowMs, months);
    const part = thinned(set, train, fit.mostQuietRows / 2, fit.growth.seed);
    const columns = card.features.map((name) => columnOf(set.table, name));
    const linear = logisticModel(columns, part.rows, part.labels, part.weights);
    const said = await publishedScores(model, set, test, context.signal);
    const probabilities = Float32Array.from(said, (one) => one?.expectedFrequency ?? card.priorRate);
    const forecasts = {
      [modelName]: { scores: probabilities, probabilities },
      ...baselineForecasts(set, train, test, { features: card.features, linear }, fit.mostQuietRows),
    };
    const judging = { draws, seed: fit.growth.seed, f1Threshold: card.thresholds.f1 };
    const verdict = verdictOf(set, test, forecasts, judging);
    context.writeOut(`\n## ${card.name} ${card.version} on ${sentence}\n\n`);
    context.writeOut(`${verdictTable(verdict)}${callsText(verdict)}\n${differenceTable(verdict)}`);
    if (html !== undefined) {
      const trial = { rows: test, forecasts };
      const lines = [
        `${card.name} ${card.version} on ${sentence}`,
        ...reportText(history.report).trim().split('\n'),
      ];
      writeFileSync(
        html,
        reportPage(trialReport(set, trial, verdict, trialSlices(set, trial, judging), undefined, lines)),
      );
      context.writeOut(`\nThe page with plots is ${html}.\n`);
    }
    if (json !== undefined)
      writeFileSync(
        json,
        `${JSON.stringify({ model: card.name, version: card.version, history: history.report, verdict }, null, 1)}\n`,
      );
  } finally {
    await model.close();
  }
}

interface UnseenPart {
  readonly test: Uint32Array;
  /** What baselines may learn from. */
  readonly train: Uint32Array;
  readonly sentence: string;
}

/**
 * What came after the model's data. Where the history ends before that, what the model never saw are the regions that it was
 * not trained on: their last months then, with baselines that learnt from the same regions before them.
 * @throws UsageError when the model has seen everything, or baselines cannot learn.
 */
function unseenPart(
  set: LearningSet,
  card: ModelCard,
  windowMs: number,
  monthsUntil: JudgedMonths,
): UnseenPart {
  const { horizonMs } = set.rule;
  const part = (spans: readonly Origin[], sentence: string, pools?: (one: PriceSeries) => boolean) => {
    const fromMs = spans.at(0)?.fromMs ?? Number.NaN;
    return {
      test: Uint32Array.from(spans.flatMap((span) => [...rowsBetween(set, span.fromMs, span.toMs, pools)])),
      train: rowsBetween(set, fromMs - windowMs, fromMs - horizonMs, pools),
      fromMs,
      sentence,
    };
  };
  // What the model has seen reaches to the end of its span, answers included.
  const seenMs = card.dataSpan.toMs;
  const later = { fromMs: seenMs, toMs: Number.POSITIVE_INFINITY };
  let found = part([later], `what came after ${dayText(seenMs)}`);
  if (found.test.length === 0) {
    const foreign = (one: PriceSeries): boolean => !card.dataSpan.regions.includes(one.region);
    const names = [...new Set(set.series.filter(foreign).map(({ region }) => region))];
    if (names.length === 0)
      throw new UsageError([
        `the history ends before the model's data does (${dayText(seenMs)}) and is of regions that it was trained on: it has seen all of it; without --model the recipe is judged instead`,
      ]);
    const months = monthsUntil(set.toMs, horizonMs);
    const days = months.map(({ fromMs, toMs }) => `${dayText(fromMs)} to ${dayText(toMs)}`).join(', ');
    found = part(months, `${names.join(', ')}, never seen by the model: ${days}`, foreign);
  }
  if (found.test.length === 0)
    throw new UsageError([`the history holds nothing of ${found.sentence} with an answer`]);
  if (!found.train.some((row) => set.labels[row] === 1))
    throw new UsageError([
      `the history holds no unstable moment before ${dayText(found.fromMs)}, so the baselines cannot learn; give one that begins earlier`,
    ]);
  return found;
}

function dayText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
