import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { repository } from '../scripts/go-tools.ts';
import { peakMegabytes } from './background.ts';
import type { Measurement } from './measurement.ts';
import type { Row } from './row.ts';

/** Learning and scoring, each in a process of its own, so that a peak is its own. `history` takes the place of made prices. */
export function learning(history: string | undefined): readonly Measurement[] {
  const inFolder =
    (rows: (folder: string) => readonly Row[] | Promise<readonly Row[]>) =>
    async (): Promise<readonly Row[]> => {
      const folder = mkdtempSync(join(tmpdir(), 'spot-bench-'));
      try {
        return await rows(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };
  return [
    { name: 'learn: change events to features', rows: inFolder((folder) => features(folder, history)) },
    {
      name: 'learn: 1 M rows × 14 features × 300 trees',
      slow: true,
      rows: inFolder((folder) => forest(folder)),
    },
    { name: 'learn: a region scored', rows: inFolder((folder) => scored(folder, history)) },
    {
      name: 'learn: raw history to published model',
      slow: true,
      rows: inFolder((folder) => published(folder, history)),
    },
  ];
}

type Result = Readonly<Record<string, number>>;

const python = `${repository}.cache/venv/bin/python`;

function task(name: string, folder: string, history?: string): Result {
  const script = `${repository}bench/learning/task.ts`;
  execFileSync(process.execPath, [script, name, folder, ...(history === undefined ? [] : [history])], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return resultIn(folder, name);
}

function resultIn(folder: string, name: string): Result {
  const file = join(folder, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : {};
}

/** What a Python program found; undefined where its library cannot be had. */
function rival(library: string, script: string, folder: string, result: string): Result | undefined {
  try {
    if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', `${repository}.cache/venv`]);
    const install = ['-m', 'pip', 'install', '--quiet', library, 'numpy'];
    execFileSync(python, install, { stdio: 'pipe', timeout: 240_000 });
  } catch {
    process.stderr.write(`- ${library} cannot be had here: it needs python3 with venv and pip\n`);
    return undefined;
  }
  execFileSync(python, [`${repository}${script}`, folder], { stdio: ['ignore', 'inherit', 'inherit'] });
  return resultIn(folder, result);
}

function features(folder: string, history: string | undefined): readonly Row[] {
  const own = task('features', folder, history);
  const duckdb = rival('duckdb', 'bench/learning/duckdb_features.py', folder, 'duckdb');
  const name = `${((own['events'] ?? 0) / 1e6).toFixed(1)} M change events to ${((own['rows'] ?? 0) / 1e3).toFixed(0)},000 rows of features, beside DuckDB`;
  return [
    atMost(name, 's', own['seconds'], duckdb?.['seconds'], 0.5),
    { ...atMost(`${name}, processor time`, 's', own['cpuSeconds'], undefined, 0), target: undefined },
    atMost(`${name}, peak memory`, 'MB', own['peakMb'], duckdb?.['peakMb'], 600),
  ];
}

function forest(folder: string): readonly Row[] {
  const own = task('forest', folder);
  const lightgbm = rival('lightgbm', 'scripts/oracle.py', folder, 'took');
  const theirs = lightgbm === undefined ? undefined : task('judge', folder)['auc'];
  const name = '1 M rows × 14 features × 300 trees, beside LightGBM';
  const auc = own['auc'] ?? NaN;
  return [
    atMost(name, 's', own['seconds'], lightgbm?.['seconds'], 25),
    {
      name: `${name}, AUC`,
      ours: auc,
      peer: theirs,
      unit: 'AUC',
      target:
        theirs === undefined ? undefined : { words: 'within 0.002', met: Math.abs(theirs - auc) <= 0.002 },
    },
    {
      ...atMost(`${name}, peak memory`, 'MB', own['peakMb'], lightgbm?.['peakMb'], 0),
      target: undefined,
    },
  ];
}

function scored(folder: string, history: string | undefined): readonly Row[] {
  const own = task('score', folder, history);
  const name = `a region of ${own['assessed']} pools scored`;
  return [
    atMost(`${name}, p50`, 'ms', own['p50Ms'], undefined, 12),
    { ...atMost(`${name}, peak memory`, 'MB', own['peakMb'], undefined, 0), target: undefined },
  ];
}

/** The built program: reads, walks forward, judges, grows the model and publishes it. */
async function published(folder: string, history: string | undefined): Promise<readonly Row[]> {
  if (history === undefined) task('write', folder);
  const main = `${repository}dist/processes/main.js`;
  const place = ['--history', history ?? join(folder, 'history.csv'), '--out', join(folder, 'models')];
  const started = performance.now();
  // Made prices have no market in them: whether the model beats the baselines on them says nothing.
  const child = spawn(process.execPath, [main, 'train', ...place, '--publish-below-baseline'], {
    stdio: 'ignore',
  });
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let peak: number | undefined;
  while (!isOver() && child.pid !== undefined) {
    peak = peakMegabytes(child.pid) ?? peak;
    await after(50);
  }
  const seconds = (performance.now() - started) / 1000;
  if (child.exitCode !== 0) throw new Error(`train ended with ${child.exitCode}`);
  const what = history === undefined ? '90 days of 1,000 pools' : history;
  return [
    atMost(`${what}, raw history to published model`, 's', seconds, undefined, 90),
    {
      ...atMost(`${what}, raw history to published model, peak memory`, 'MB', peak, undefined, 0),
      target: undefined,
    },
  ];
}

function atMost(name: string, unit: Row['unit'], ours = NaN, peer: number | undefined, limit: number): Row {
  return { name, ours, peer, unit, target: { words: `≤ ${limit} ${unit}`, met: ours <= limit } };
}
