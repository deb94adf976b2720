import { writeFileSync } from 'node:fs';
import { openOnnxModel } from '../adapters/onnx/onnx-model.ts';
import { UsageError } from '../errors/usage-error.ts';
import { openStore } from '../history/open-location.ts';
import { calibrated } from '../learning/calibration.ts';
import { columnOf } from '../learning/features.ts';
import { logisticModel } from '../learning/logistic.ts';
import { hourMs } from '../learning/price-lattice.ts';
import type { ScoringModel } from '../ports/scoring-model.ts';
import { baselineForecasts } from '../training/baselines.ts';
import { learningSet, rowsBetween, thinned } from '../training/learning-set.ts';
import type { LearningSet } from '../training/learning-set.ts';
import { storedModel } from '../training/stored-model.ts';
import { differenceTable, verdictTable } from '../training/verdict-text.ts';
import { verdictOf } from '../training/verdict.ts';
import { modelName } from '../training/walk-forward.ts';
import type { CommandContext } from './command-context.ts';
import {
  fitOptions,
  givenHistory,
  minPriceFlag,
  neededFlag,
  numberFlag,
  textFlag,
} from './learning-flags.ts';
import type { Flags } from './learning-flags.ts';

/** Judges a published file on what came after its data, beside baselines that are learnt from the days before. */
export async function backtestPublished(flags: Flags, context: CommandContext): Promise<void> {
  const [, folder = '.', file = ''] = /^(?:(.*)\/)?([^/]+)$/.exec(neededFlag(flags, 'model')) ?? [];
  const model = await openOnnxModel(
    await storedModel(await openStore(folder), file, context.signal),
    context.signal,
  );
  try {
    const { card } = model;
    const fit = fitOptions(flags, context);
    const history = await givenHistory(flags, context);
    const set = learningSet(history.series, {
      rule: { horizonMs: card.horizonHours * hourMs, spike: card.spikeThreshold },
      onDemandPerHour: history.onDemand.table,
      minPricePerHour: minPriceFlag(flags, card),
    });
    // What the model has seen reaches to the end of its span, answers included.
    const seenMs = card.dataSpan.toMs;
    const test = rowsBetween(set, seenMs, Number.POSITIVE_INFINITY);
    const windowMs = numberFlag(flags, 'windowDays', 1, 36_500) * 24 * hourMs;
    const train = rowsBetween(set, seenMs - windowMs, seenMs - set.rule.horizonMs);
    const day = new Date(seenMs).toISOString().slice(0, 10);
    if (test.length === 0)
      throw new UsageError([
        `the history ends before the model's data does (${day}): it has seen all of it; without --model the recipe is judged instead`,
      ]);
    if (!train.some((row) => set.labels[row] === 1))
      throw new UsageError([
        `the history holds no unstable moment before ${day}, so the baselines cannot learn; give one that begins earlier`,
      ]);
    const part = thinned(set, train, fit.mostQuietRows / 2, fit.growth.seed);
    const columns = card.features.map((name) => columnOf(set.table, name));
    const linear = logisticModel(columns, part.rows, part.labels, part.weights);
    const probabilities = await publishedForecast(model, set, test, context.signal);
    const verdict = verdictOf(
      set,
      test,
      {
        [modelName]: { scores: probabilities, probabilities },
        ...baselineForecasts(set, train, test, { features: card.features, linear }, fit.mostQuietRows),
      },
      {
        draws: numberFlag(flags, 'draws', 20, 100_000),
        seed: fit.growth.seed,
        f1Threshold: card.thresholds.f1,
      },
    );
    context.writeOut(`\n## ${card.name} ${card.version} on what came after ${day}\n\n`);
    context.writeOut(`${verdictTable(verdict)}\n${differenceTable(verdict)}`);
    const json = textFlag(flags, 'json');
    if (json !== undefined)
      writeFileSync(
        json,
        `${JSON.stringify({ model: card.name, version: card.version, history: history.report, verdict }, null, 1)}\n`,
      );
  } finally {
    await model.close();
  }
}

const rowsAtOnce = 50_000;

async function publishedForecast(
  model: ScoringModel,
  set: LearningSet,
  rows: Uint32Array,
  signal: AbortSignal,
): Promise<Float32Array> {
  const columns = model.card.features.map((name) => columnOf(set.table, name));
  const probabilities = new Float32Array(rows.length);
  for (let first = 0; first < rows.length; first += rowsAtOnce) {
    const part = rows.subarray(first, first + rowsAtOnce);
    const matrix = new Float32Array(part.length * columns.length);
    for (const [index, row] of part.entries())
      for (const [at, column] of columns.entries()) matrix[index * columns.length + at] = column[row] ?? 0;
    const scores = await model.score(undefined, matrix, signal);
    for (const [index, score] of scores.entries())
      probabilities[first + index] = calibrated(model.card.calibration.points, score);
  }
  return probabilities;
}
