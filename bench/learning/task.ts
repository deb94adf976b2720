/** One measured task in a process of its own, so that its peak is its own: `node bench/learning/task.ts TASK FOLDER [HISTORY]`. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openOnnxModel } from '../../src/adapters/onnx/onnx-model.ts';
import { familyStress } from '../../src/server/knowledge/family-stress.ts';
import { servingFeatures } from '../../src/server/knowledge/serving-features.ts';
import { openStore } from '../../src/processes/offline/open-location.ts';
import { loadHistory } from '../../src/offline/history/load-history.ts';
import { openLocation } from '../../src/processes/offline/open-location.ts';
import { spanOf } from '../../src/offline/history/history-span.ts';
import { columnOf, featureTable } from '../../src/learning/features.ts';
import { forestScores } from '../../src/learning/forest.ts';
import { defaultGrowth } from '../../src/learning/growth.ts';
import { lookbackMs } from '../../src/learning/price-lattice.ts';
import type { PriceSeries } from '../../src/learning/price-series.ts';
import { rankedScores, rankingMetrics } from '../../src/learning/ranking-metrics.ts';
import { momentsBetween } from '../../src/offline/training/learning-set.ts';
import { storedModel } from '../../src/offline/training/stored-model.ts';
import { trainedForest } from '../../src/offline/training/trained-forest.ts';
import { matrix } from '../../scripts/oracle-matrix.ts';
import { madeMarket, marketEndMs } from './made-market.ts';
import { ownPeakMegabytes } from '../background.ts';

const [task = '', folder = '', history] = process.argv.slice(2);
const noAnswer = new AbortController().signal;
const onDemandPerHour = (): undefined => undefined;
const trainRows = 1_000_000;

function told(result: Readonly<Record<string, number>>): void {
  const peakMb = ownPeakMegabytes();
  writeFileSync(join(folder, `${task}.json`), JSON.stringify({ ...result, peakMb }));
}

async function givenOr(made: () => readonly PriceSeries[]): Promise<readonly PriceSeries[]> {
  if (history === undefined) return made();
  return (await loadHistory(history, openLocation, {}, noAnswer)).series;
}

/** Change events of 90 days, described every six hours. */
async function features(): Promise<void> {
  const series = await givenOr(() => madeMarket({ pools: 1_432, days: 90, eventsPerPool: 3_492, seed: 1 }));
  const events = series.reduce((sum, { atMs }) => sum + atMs.length, 0);
  const { fromMs, toMs } = spanOf(series);
  const timesMs = momentsBetween(fromMs + lookbackMs, toMs);
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const table = featureTable({ series, timesMs, onDemandPerHour });
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const sum = columnOf(table, 'return_24h').reduce((total, value) => total + Math.abs(value), 0);
  told({
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    events,
    rows: table.rowCount,
    check: sum / table.rowCount,
  });
  const pool = series.flatMap(({ atMs }, at) => new Array<number>(atMs.length).fill(at));
  writeFileSync(join(folder, 'pool.u32'), Uint32Array.from(pool));
  writeFileSync(join(folder, 'moments.f64'), timesMs);
  for (const column of ['atMs', 'pricePerHour'] as const) {
    const file = openSync(join(folder, `${column}.f64`), 'w');
    for (const one of series) writeSync(file, one[column]);
    closeSync(file);
  }
}

/** Cutting into bins and growing; what is judged are 200,000 rows that were not learnt from. */
async function forest(): Promise<void> {
  const width = 14;
  const data = matrix(trainRows + 200_000, width, 0, 1);
  const rules = { ...defaultGrowth, trees: 300, patience: 0 };
  for (const [index, column] of data.columns.entries())
    writeFileSync(join(folder, `column${index}.f32`), column);
  writeFileSync(join(folder, 'labels.u8'), data.labels);
  writeFileSync(
    join(folder, 'task.json'),
    JSON.stringify({ ...rules, depth: rules.maxDepth, columns: width, trainRows }),
  );
  const started = performance.now();
  const grown = await trainedForest(
    {
      columns: data.columns.map((column) => column.subarray(0, trainRows)),
      labels: data.labels.subarray(0, trainRows),
    },
    { rules, threads: 2 },
  );
  const seconds = (performance.now() - started) / 1000;
  const labels = data.labels.subarray(trainRows);
  const test = Float32Array.from(
    { length: labels.length * width },
    (_, at) => data.columns[at % width]?.[trainRows + Math.floor(at / width)] ?? 0,
  );
  told({ seconds, auc: aucOf(forestScores(grown, test), labels) });
}

/** What LightGBM scored on the rows that {@link forest} left in the folder. */
function judge(): void {
  const scores = new Float64Array(new Uint8Array(readFileSync(join(folder, 'scores.f64'))).buffer);
  const labels = new Uint8Array(readFileSync(join(folder, 'labels.u8'))).subarray(trainRows);
  told({ auc: aucOf(Float32Array.from(scores), labels) });
}

function aucOf(scores: Float32Array, labels: Uint8Array): number {
  const zeros = new Uint32Array(labels.length);
  const rows = { labels, poolOf: zeros, poolCount: 1, blockOf: zeros, blockCount: 1 };
  return rankingMetrics(rankedScores(scores, rows), rows).rocAuc;
}

/** What a server does when a region's prices are new: features and risk of every pool, now. */
async function score(): Promise<void> {
  const all = await givenOr(() => madeMarket({ pools: 1_000, days: 8, eventsPerPool: 64, seed: 2 }));
  const series = all.slice(0, 1_000);
  const nowMs = history === undefined ? marketEndMs : spanOf(series).toMs;
  const model = await openOnnxModel(
    await storedModel(
      await openStore(new URL('../../models', import.meta.url).pathname),
      'family-stress-12h.onnx',
      noAnswer,
    ),
    noAnswer,
  );
  const risk = familyStress(model, servingFeatures);
  const took: number[] = [];
  let assessed = 0;
  for (let run = 0; run < 60; run += 1) {
    const started = performance.now();
    assessed = (await risk.assess({ series, onDemandPerHour, nowMs }, noAnswer)).size;
    if (run >= 10) took.push(performance.now() - started);
  }
  await model.close();
  took.sort((a, b) => a - b);
  told({ p50Ms: took[25] ?? NaN, p98Ms: took[48] ?? NaN, assessed });
}

/** Ninety days of 1,000 pools as a CSV file, about as often changed as EC2 changes prices. */
function write(): void {
  const file = openSync(join(folder, 'history.csv'), 'w');
  writeSync(file, 'timestamp_utc,region,availability_zone,instance_type,product,price_usd\n');
  for (const one of madeMarket({ pools: 1_000, days: 90, eventsPerPool: 720, seed: 3 })) {
    const lines = Array.from(
      one.atMs,
      (at, event) =>
        `${new Date(at).toISOString()},${one.region},${one.zone},${one.instanceType},Linux/UNIX,${one.pricePerHour[event]?.toFixed(4)}\n`,
    );
    writeSync(file, lines.join(''));
  }
  closeSync(file);
}

const tasks: Readonly<Record<string, () => Promise<void> | void>> = { features, forest, judge, score, write };
await tasks[task]?.();
