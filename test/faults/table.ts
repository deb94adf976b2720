import { readFileSync, writeFileSync } from 'node:fs';
import type { DrillResult } from './drill.ts';

const begin = '<!-- drills: npm run test:faults -- --full --write -->\n';
const end = '<!-- end of drills -->';

/** Markdown: one row a fault, with the figures of that fault; memory is the whole drill's. */
export function drillTable(results: readonly DrillResult[], command: string): string {
  const rows = results.flatMap(({ drill, faults, calls, failed, slowestMs, rssBeforeMb, rssAfterMb }) => {
    const memory = `${rounded(rssBeforeMb)} → ${rounded(rssAfterMb)}`;
    if (faults.length === 0)
      return [row([drill.title, counts(calls), counts(failed), ms(slowestMs), '', '', '', memory])];
    return faults.map((fault, index) =>
      row([
        fault.what,
        counts(fault.calls),
        counts(fault.failed),
        ms(fault.slowestMs),
        fault.step,
        seconds(fault.noticedMs),
        seconds(fault.recoveredMs),
        index === 0 ? memory : '〃',
      ]),
    );
  });
  const remarks = results.flatMap(({ drill, remarks }) => remarks.map((one) => `- ${drill.title}: ${one}`));
  return [
    `One run of \`${command}\`: BestOptions calls are made and answered all the time, failed calls are counted, times are in seconds (a step counts as seen once a second of answers rests on it, so 1.2 is the least where answers are judged), the slowest answer is in milliseconds as the client measures it, resident memory in MB before and after the drill.`,
    '',
    '| fault | calls | failed | slowest | answers rest on | noticed after | recovered after | memory |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(remarks.length === 0 ? [] : [...remarks, '']),
  ].join('\n');
}

/** Puts the table between its marks. */
export function writeTable(file: string, table: string): void {
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${file} has lost the marks of its table`);
  writeFileSync(file, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
}

function row(cells: readonly string[]): string {
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
