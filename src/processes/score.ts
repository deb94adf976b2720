import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { Command } from 'commander';
import { openOnnxModel } from '../adapters/onnx/onnx-model.ts';
import { UsageError } from '../errors/usage-error.ts';
import { openStore } from '../history/open-location.ts';
import { assessmentOf } from '../knowledge/family-stress.ts';
import { featureTable, columnOf } from '../learning/features.ts';
import type { FeatureTable } from '../learning/features.ts';
import { familyOfType } from '../learning/instance-size.ts';
import { hourMs, lookbackMs } from '../learning/price-lattice.ts';
import type { PriceSeries } from '../learning/price-series.ts';
import type { ScoringModel } from '../ports/scoring-model.ts';
import { storedModel } from '../training/stored-model.ts';
import type { CommandContext } from './command-context.ts';
import { addHistoryFlags, givenHistory, neededFlag, textFlag, timeFlag } from './learning-flags.ts';
import type { Flags } from './learning-flags.ts';

/** `spot-expander score`: what a model would have said of any history at any time, for whoever wants to judge it. */
export function scoreCommand(context: CommandContext): Command {
  return addHistoryFlags(new Command('score'))
    .description('score every pool of a history through time; a score reads nothing after its moment')
    .requiredOption('--model <file>', 'the .onnx file, its card beside it')
    .requiredOption('--from <time>', 'first moment, such as 2024-01-01')
    .requiredOption('--to <time>', 'last moment')
    .option('--every <step>', 'between moments, such as 6h or 30m', '6h')
    .requiredOption('--out <file>', 'CSV to write; - writes to standard output')
    .action(async (flags: Flags) => await score(flags, context));
}

/** Rows whose features are held in memory together. */
const rowsAtOnce = 300_000;

async function score(flags: Flags, context: CommandContext): Promise<void> {
  const fromMs = timeFlag(flags, 'from');
  const toMs = timeFlag(flags, 'to');
  const everyMs = stepOf(neededFlag(flags, 'every'));
  if (toMs < fromMs) throw new UsageError(['--to must not come before --from']);
  const [, folder = '.', file = ''] = /^(?:(.*)\/)?([^/]+)$/.exec(neededFlag(flags, 'model')) ?? [];
  const files = await storedModel(await openStore(folder), file, context.signal);
  const model = await openOnnxModel(files, context.signal);
  try {
    // Features read seven days; a few more tell whether a pool existed before them.
    const history = await givenHistory(flags, context, { fromMs: fromMs - 2 * lookbackMs, toMs });
    const out = neededFlag(flags, 'out');
    const target = out === '-' ? undefined : createWriteStream(`${out}.part`);
    const sink: Writable | undefined = target;
    const write = async (text: string): Promise<void> => {
      if (sink === undefined) context.writeOut(text);
      else if (!sink.write(text)) await once(sink, 'drain');
    };
    await write('time,region,zone,type,crash_probability,expected_frequency\n');
    let rows = 0;
    const momentsAtOnce = Math.max(1, Math.floor(rowsAtOnce / history.series.length));
    for (let first = fromMs; first <= toMs; first += momentsAtOnce * everyMs) {
      context.signal.throwIfAborted();
      const last = Math.min(toMs, first + (momentsAtOnce - 1) * everyMs);
      const table = featureTable({
        series: history.series,
        timesMs: Float64Array.from(
          { length: Math.floor((last - first) / everyMs) + 1 },
          (_, index) => first + index * everyMs,
        ),
        onDemandPerHour: history.onDemand.table,
        minPricePerHour: textFlag(flags, 'minPrice') === undefined ? 0 : history.minPricePerHour,
      });
      await write(await linesOf(model, history.series, table, context.signal));
      rows += table.rowCount;
    }
    if (target !== undefined) {
      target.end();
      await once(target, 'close');
      await rename(`${out}.part`, out);
    }
    context.writeError(`${rows} scores from ${files.card.name} ${files.card.version}.\n`);
  } finally {
    await model.close();
  }
}

/** @throws UsageError when the step is not a number of minutes, hours or days. */
function stepOf(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(m|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * ({ m: hourMs / 60, h: hourMs, d: 24 * hourMs }[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new UsageError([`--every takes a step such as 30m, 6h or 1d, not "${text}"`]);
  return ms;
}

async function linesOf(
  model: ScoringModel,
  series: readonly PriceSeries[],
  table: FeatureTable,
  signal: AbortSignal,
): Promise<string> {
  const { card } = model;
  const columns = card.features.map((name) => columnOf(table, name));
  const lines = new Array<string>(table.rowCount);
  const own = (row: number): string | undefined => {
    const family = familyOfType(series[table.poolOf[row] ?? 0]?.instanceType ?? '');
    return card.families !== undefined && Object.hasOwn(card.families, family) ? family : undefined;
  };
  const rows = Array.from({ length: table.rowCount }, (_, row) => row);
  for (const [family, members] of Map.groupBy(rows, own)) {
    const matrix = new Float32Array(members.length * columns.length);
    for (const [index, row] of members.entries())
      for (const [at, column] of columns.entries()) matrix[index * columns.length + at] = column[row] ?? 0;
    const scores = await model.score(family, matrix, signal);
    const scale = (family === undefined ? undefined : card.families?.[family]) ?? card;
    for (const [index, row] of members.entries()) {
      const said = assessmentOf(scores[index] ?? Number.NaN, scale);
      const pool = series[table.poolOf[row] ?? 0];
      if (said === undefined || pool === undefined) continue;
      const time = new Date(table.timesMs[table.timeOf[row] ?? 0] ?? 0).toISOString().replace('.000Z', 'Z');
      lines[row] =
        `${time},${pool.region},${pool.zone},${pool.instanceType},${said.crashProbability.toPrecision(6)},${said.expectedFrequency.toPrecision(6)}\n`;
    }
  }
  return lines.join('');
}
