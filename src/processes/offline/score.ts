import { Command } from 'commander';
import { growingFile } from '../../adapters/files/growing-file.ts';
import type { GrowingFile } from '../../adapters/files/growing-file.ts';
import { openOnnxModel } from '../../adapters/onnx/onnx-model.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { openStore } from './open-location.ts';
import { featureTable } from '../../learning/features.ts';
import type { FeatureTable } from '../../learning/features.ts';
import { leftOutMoments } from '../../learning/left-out-moments.ts';
import { hourMs, lookbackMs } from '../../learning/price-lattice.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { ScoringModel } from '../../ports/scoring-model.ts';
import { defaultMinPricePerHour } from '../../offline/training/learning-set.ts';
import { publishedScores } from '../../offline/training/published-scores.ts';
import { storedModel } from '../../offline/training/stored-model.ts';
import type { CommandContext } from '../command-context.ts';
import { progressOf } from '../progress.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { learningHistory, type LearningHistory } from './learning-history.ts';
import { scoreSettings } from './learning-settings.ts';
import { modelPlace } from './model-place.ts';

/** `spot-expander score`: what a model would have said of any history at any time, for whoever wants to judge it. */
export function scoreCommand(context: CommandContext): Command {
  return withSettings(new Command('score'), scoreSettings)
    .description('score every pool of a history through time; a score reads nothing after its moment')
    .action(async (options: Readonly<Record<string, unknown>>) => await score(options, context));
}

/** Rows whose features are held in memory together. */
const rowsAtOnce = 300_000;

async function score(options: Readonly<Record<string, unknown>>, context: CommandContext): Promise<void> {
  const settings = readSettings(scoreSettings, options, context);
  const { from: fromMs, to: toMs, every: everyMs, out } = settings;
  if (toMs < fromMs) throw new UsageError(['--to must not come before --from']);
  const progress = progressOf(context);
  const { folder, file } = modelPlace(settings.model);
  const files = await storedModel(await openStore(folder), file, context.signal);
  const model = await openOnnxModel(files, context.signal);
  const minPricePerHour = settings.min_price ?? files.card.minPricePerHour ?? defaultMinPricePerHour;
  const sink = await sinkOf(out, context);
  try {
    // Features read seven days; a few more tell whether a pool existed before them.
    const history = await learningHistory(
      settings,
      { fromMs: fromMs - 2 * lookbackMs, toMs },
      progress,
      context.signal,
    );
    await sink.write('time,region,zone,type,crash_probability,expected_frequency\n');
    const count = Math.floor((toMs - fromMs) / everyMs) + 1;
    const timesMs = Float64Array.from({ length: count }, (_, index) => fromMs + index * everyMs);
    const momentsAtOnce = Math.max(1, Math.floor(rowsAtOnce / history.series.length));
    let rows = 0;
    let scoredMoments = 0;
    for (let first = 0; first < count; first += momentsAtOnce) {
      context.signal.throwIfAborted();
      const table = featureTable({
        series: history.series,
        timesMs: timesMs.subarray(first, first + momentsAtOnce),
        onDemandPerHour: history.onDemand.table,
        minPricePerHour,
      });
      await sink.write(await linesOf(model, history.series, table, context.signal));
      rows += table.rowCount;
      scoredMoments += new Set(table.timeOf).size;
      const done = Math.min(count, first + momentsAtOnce);
      progress.at('scoring', done, count);
    }
    progress.end();
    if (rows === 0)
      throw new UsageError([
        `no pool has a score at any of the ${count} moments: each needs a price then and one seven days before, and ${minPricePerHour} USD an hour at least; nothing is written`,
      ]);
    await sink.finish();
    context.writeError(`${rows} scores from ${files.card.name} ${files.card.version}.\n`);
    context.writeError(withoutScoreText(history, minPricePerHour, timesMs, scoredMoments));
  } finally {
    progress.end();
    await sink.discard();
    await model.close();
  }
}

/** @throws UsageError when the file cannot be written, before any work is done. */
async function sinkOf(out: string, context: CommandContext): Promise<GrowingFile> {
  if (out === '-')
    return {
      write: (text) => {
        context.writeOut(text);
        return Promise.resolve();
      },
      finish: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    };
  try {
    return await growingFile(out);
  } catch (cause) {
    const why = messageOf(cause);
    throw new UsageError([`--out ${out} cannot be written: ${why}`], { cause });
  }
}

/** A pool may rest for hours; a whole region is never silent for a day. */
const staleMs = 24 * hourMs;

/** What a reader of the file would otherwise look for in vain; empty when nothing is missing. */
function withoutScoreText(
  { series, report }: LearningHistory,
  minPricePerHour: number,
  timesMs: Float64Array,
  scoredMoments: number,
): string {
  const { withoutPast, tooCheap } = leftOutMoments(series, timesMs, minPricePerHour);
  const lines: string[] = [];
  if (withoutPast > 0)
    lines.push(`Without a score: ${withoutPast} times a pool had no price seven days before the moment.`);
  if (tooCheap > 0)
    lines.push(
      `Without a score: ${tooCheap} times a pool cost less than ${minPricePerHour} USD an hour; --min-price 0 scores those too, which the model was not trained for.`,
    );
  if (scoredMoments < timesMs.length)
    lines.push(`${timesMs.length - scoredMoments} of ${timesMs.length} moments have no score at all.`);
  const endMs = report.toMs ?? Number.POSITIVE_INFINITY;
  const late = timesMs.reduce((sum, at) => sum + (at > endMs + staleMs ? 1 : 0), 0);
  if (late > 0)
    lines.push(
      `${late} moments lie more than a day after the last price of the history, ${timeText(endMs)}: prices are taken to stand since then.`,
    );
  return lines.map((line) => `${line}\n`).join('');
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}

async function linesOf(
  model: ScoringModel,
  series: readonly PriceSeries[],
  table: FeatureTable,
  signal: AbortSignal,
): Promise<string> {
  const rows = Uint32Array.from({ length: table.rowCount }, (_, row) => row);
  const lines: string[] = [];
  for (const [row, said] of (await publishedScores(model, { series, table }, rows, signal)).entries()) {
    const pool = series[table.poolOf[row] ?? 0];
    if (said === undefined || pool === undefined) continue;
    const time = timeText(table.timesMs[table.timeOf[row] ?? 0] ?? 0);
    lines.push(
      `${time},${pool.region},${pool.zone},${pool.instanceType},${said.crashProbability.toPrecision(6)},${said.expectedFrequency.toPrecision(6)}\n`,
    );
  }
  return lines.join('');
}
