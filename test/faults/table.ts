import { readFileSync, writeFileSync } from 'node:fs';
import type { DrillResult } from './drill.ts';

const begin = '<!-- drills: npm run test:faults -- --full --write -->\n';
const end = '<!-- end of drills -->';

const faultHeader = [
  'fault',
  'calls',
  'failed',
  'slowest',
  'answers rest on',
  'noticed after',
  'recovered after',
  'memory',
];
const attackHeader = [
  'attack',
  'calls',
  'failed',
  'p99 before',
  'during',
  'after',
  'resident at most',
  'charged at most',
  'the attackers saw',
];

/** Markdown: one row a fault and one an attack; memory of faults is the whole drill's. Rows of `before` that were not played stay. */
export function drillTable(results: readonly DrillResult[], command: string, before = ''): string {
  const isPlayed = (title: string): boolean => results.some(({ drill }) => drill.title === title);
  const stays = before
    .split('\n')
    .filter((line) => line.startsWith('- ') && !isPlayed(line.slice(2).split(': ', 1)[0] ?? ''));
  const remarks = results.flatMap(({ drill, remarks }) => remarks.map((one) => `- ${drill.title}: ${one}`));
  return [
    `Written by \`${command}\`, the last time that each was played: BestOptions calls are made and answered all the time, failed calls are counted, times are in seconds (a step counts as seen once a second of answers rests on it, so 1.2 is the least where answers are judged), the slowest answer is in milliseconds as the client measures it, resident memory in MB before and after the drill.`,
    '',
    ...merged(faultHeader, results.flatMap(faultRows), before),
    '',
    "Attacks, each held for some ten seconds on a server in a control group of the chart's memory: p99 of the caller's BestOptions calls in milliseconds before, during and after; memory in MB. Attackers are processes of their own, off the first core and at a lower priority than the caller beside them: they would sit on other machines.",
    '',
    ...merged(attackHeader, results.flatMap(attackRows), before),
    '',
    ...[...stays, ...remarks, ''].slice(stays.length + remarks.length === 0 ? 1 : 0),
  ].join('\n');
}

/** Puts the table between its marks. */
export function writeTable(file: string, results: readonly DrillResult[], command: string): void {
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${file} has lost the marks of its table`);
  const table = drillTable(results, command, text.slice(from, to));
  writeFileSync(file, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
}

type Cells = readonly string[];

function faultRows({
  drill,
  faults,
  attacks,
  calls,
  failed,
  slowestMs,
  rssBeforeMb,
  rssAfterMb,
}: DrillResult): readonly Cells[] {
  if (attacks.length > 0) return [];
  const memory = `${rounded(rssBeforeMb)} → ${rounded(rssAfterMb)}`;
  if (faults.length === 0)
    return [[drill.title, counts(calls), counts(failed), ms(slowestMs), '', '', '', memory]];
  return faults.map((fault, index) => [
    fault.what,
    counts(fault.calls),
    counts(fault.failed),
    ms(fault.slowestMs),
    fault.step,
    seconds(fault.noticedMs),
    seconds(fault.recoveredMs),
    index === 0 ? memory : '〃',
  ]);
}

function attackRows({ attacks }: DrillResult): readonly Cells[] {
  return attacks.map(({ what, p99Ms, calls, failed, mostResidentMb, mostChargedMb, seen }) => [
    what,
    counts(calls),
    counts(failed),
    ms(p99Ms.before),
    ms(p99Ms.during),
    ms(p99Ms.after),
    rounded(mostResidentMb),
    mostChargedMb === undefined ? '' : rounded(mostChargedMb),
    seen,
  ]);
}

/** The table with these rows in the place of those that begin alike, or behind them. */
function merged(header: Cells, rows: readonly Cells[], before: string): readonly string[] {
  const lines = before.split('\n');
  const at = lines.indexOf(row(header));
  const old = at === -1 ? [] : lines.slice(at + 2);
  const length = old.findIndex((line) => !line.startsWith('|'));
  const byName = new Map(
    old.slice(0, length === -1 ? undefined : length).map((line) => [line.split(' | ', 1)[0] ?? '', line]),
  );
  for (const cells of rows) {
    const line = row(cells);
    byName.set(line.split(' | ', 1)[0] ?? '', line);
  }
  return [row(header), `|${'---|'.repeat(header.length)}`, ...byName.values()];
}

function row(cells: Cells): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function rounded(mb: number): string {
  return Number.isNaN(mb) ? '' : mb.toFixed(0);
}

function counts(value: number): string {
  return value.toLocaleString('en-US');
}

function ms(value: number): string {
  return value.toFixed(0);
}

function seconds(value: number | undefined): string {
  return value === undefined ? '' : (value / 1_000).toFixed(1);
}
