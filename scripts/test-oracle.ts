// Our trainer against LightGBM on the same matrix, and LightGBM's own models through our ONNX writer.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { forestScores } from '../src/learning/forest.ts';
import { defaultGrowth } from '../src/learning/growth.ts';
import { lightGbmModel } from '../src/learning/lightgbm-text.ts';
import { onnxBytes } from '../src/learning/onnx-graph.ts';
import { rankedScores, rankingMetrics } from '../src/learning/ranking-metrics.ts';
import { trainedForest } from '../src/offline/training/trained-forest.ts';
import { matrix, type Matrix } from './oracle-matrix.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const venv = join(root, '.cache', 'venv');
const python = join(venv, 'bin', 'python');
const results = { passed: 0, failed: 0, skipped: 0 };

function check(fact: string, holds: boolean, seen: string): void {
  results[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? '✔' : '✘'} ${fact} (${seen})`);
}

/** The reason why there is no LightGBM; undefined when it is there. */
function missingOracle(): string | undefined {
  try {
    if (!existsSync(python)) {
      mkdirSync(join(root, '.cache'), { recursive: true });
      execFileSync('python3', ['-m', 'venv', venv], { stdio: 'pipe' });
    }
    execFileSync(python, ['-c', 'import lightgbm, numpy'], { stdio: 'pipe' });
    return undefined;
  } catch {
    try {
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', 'lightgbm', 'numpy'], {
        stdio: 'pipe',
        timeout: 240_000,
      });
      return undefined;
    } catch {
      return `LightGBM cannot be had here: it needs python3 with venv, and \`${python} -m pip install lightgbm numpy\``;
    }
  }
}

function judged(scores: Float32Array, labels: Uint8Array): { auc: number; logLoss: number } {
  const zeros = new Uint32Array(labels.length);
  const rows = { labels, poolOf: zeros, poolCount: 1, blockOf: zeros, blockCount: 1 };
  const logLoss = scores.reduce(
    (sum, score, row) => sum - Math.log(Math.max(labels[row] === 1 ? score : 1 - score, 1e-12)),
    0,
  );
  return { auc: rankingMetrics(rankedScores(scores, rows), rows).rocAuc, logLoss: logLoss / labels.length };
}

async function compare(name: string, data: Matrix, trainRows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-'));
  try {
    const rules = { ...defaultGrowth, trees: 200, learningRate: 0.05 };
    for (const [index, column] of data.columns.entries())
      writeFileSync(join(folder, `column${index}.f32`), column);
    writeFileSync(join(folder, 'labels.u8'), data.labels);
    writeFileSync(
      join(folder, 'task.json'),
      JSON.stringify({ ...rules, depth: rules.maxDepth, columns: data.columns.length, trainRows }),
    );
    execFileSync(python, [join(root, 'scripts', 'oracle.py'), folder], { stdio: 'inherit' });
    const labels = data.labels.subarray(trainRows);
    const test = Float32Array.from(
      { length: labels.length * data.columns.length },
      (_, at) => data.columns[at % data.columns.length]![trainRows + Math.floor(at / data.columns.length)]!,
    );
    const theirs = judged(Float32Array.from(scoresIn(join(folder, 'scores.f64'))), labels);
    const forest = await trainedForest(
      {
        columns: data.columns.map((column) => column.subarray(0, trainRows)),
        labels: data.labels.subarray(0, trainRows),
      },
      { rules, threads: 2 },
    );
    const ours = judged(forestScores(forest, test), labels);
    const aucGap = theirs.auc - ours.auc;
    const lossGap = ours.logLoss / theirs.logLoss - 1;
    check(
      `${name}: AUC within 0.002 of LightGBM's`,
      aucGap < 0.002,
      `${ours.auc.toFixed(5)} and ${theirs.auc.toFixed(5)}`,
    );
    check(
      `${name}: log loss within 1 % of LightGBM's`,
      lossGap < 0.01,
      `${ours.logLoss.toFixed(6)} and ${theirs.logLoss.toFixed(6)}`,
    );
    const imported = lightGbmModel(readFileSync(join(folder, 'model.txt'), 'utf8'));
    const session = await ort.InferenceSession.create(onnxBytes({ forest: imported.forest }), {
      intraOpNumThreads: 1,
    });
    const outputs = await session.run({
      features: new ort.Tensor('float32', test, [labels.length, data.columns.length]),
    });
    const onnx = outputs['score']!.data as Float32Array;
    const expected = scoresIn(join(folder, 'scores.f64'));
    const apart = onnx.reduce((most, score, row) => Math.max(most, Math.abs(score - expected[row]!)), 0);
    check(
      `${name}: LightGBM's model through import-lightgbm and onnxruntime, within 1e-5`,
      apart < 1e-5,
      `at most ${apart.toExponential(1)} apart`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function scoresIn(file: string): Float64Array {
  const bytes = readFileSync(file);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const missing = missingOracle();
if (missing === undefined) {
  await compare('no missing values', matrix(160_000, 14, 0, 1), 100_000);
  await compare('missing values', matrix(60_000, 9, 0.1, 2), 45_000);
} else {
  results.skipped += 6;
  console.log(`- skipped: ${missing}`);
}
console.log(`${results.passed} passed, ${results.failed} failed, ${results.skipped} skipped`);
process.exit(results.failed > 0 ? 1 : 0);
