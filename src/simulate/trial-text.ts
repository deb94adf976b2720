import type { ExpanderSummary } from './comparison.ts';
import type { Interval } from './interval.ts';

export interface RegionVerdict {
  readonly region: string;
  readonly groups: number;
  readonly seeds: number;
  readonly disturbancePrice: number;
  readonly summaries: readonly ExpanderSummary[];
}

const ours = 'spot-expander';

const columns = [
  'expander',
  'total',
  'nodes alone',
  'interrupted',
  'spikes',
  'largest pool',
  'than oracle',
  'than ours',
  'cheaper at $',
];

/** True when ours is cheaper and the interval of the difference leaves no doubt. */
export function isBeaten({ dearerThanOurs }: ExpanderSummary): boolean {
  return dearerThanOurs.low > 0;
}

/** One region as a Markdown table that a terminal of 140 columns holds, and the verdict in a sentence. */
export function trialText({ region, groups, seeds, disturbancePrice, summaries }: RegionVerdict): string {
  const rows = summaries.map((one) => [
    variantOf(one.expander),
    around(one.totalCost, 1000),
    (1000 * one.nodesCost.mean).toFixed(2),
    around(one.interruptions, 100),
    (100 * one.spikesMet.mean).toFixed(1),
    around(one.largestPool, 100),
    one.expander === 'oracle' ? '' : around(one.regret, 100),
    one.expander === ours ? '' : around(one.dearerThanOurs, 100),
    one.expander === ours ? '' : pricesText(one),
  ]);
  const rivals = summaries.filter(({ expander }) => !expander.startsWith(ours) && expander !== 'oracle');
  const unbeaten = rivals.filter((one) => !isBeaten(one)).map(({ expander }) => expander);
  const verdict =
    unbeaten.length === 0
      ? 'Cheaper in total than every other expander, each difference beyond its 95 % interval.'
      : `NOT shown cheaper than ${unbeaten.join(', ')}.`;
  return [
    `## ${region}: ${groups} groups, ${seeds} seeds, $${disturbancePrice} an interruption`,
    '',
    'total, nodes alone: $ for 1,000 useful vCPU-hours. interrupted: nodes in 100,000 useful vCPU-hours. spikes: % of launches before a',
    'price spike. largest pool: % of node-hours. than oracle, than ours: % dearer, seed by seed. cheaper at $: prices of an interruption',
    'at which ours is the cheaper one. ±: half of a 95 % interval over the seeds.',
    '',
    ...table(columns, rows),
    '',
    verdict,
    '',
  ].join('\n');
}

/** Variants of ours stand below it by what they differ in. */
function variantOf(expander: string): string {
  return expander.startsWith(`${ours}, `) ? `… ${expander.slice(ours.length + 2)}` : expander;
}

/** A mean and half of its interval, to the second figure of that half; the mean alone where one seed gives none. */
function around({ mean, high }: Interval, times: number): string {
  const half = times * (high - mean);
  if (!Number.isFinite(half)) return (times * mean).toFixed(2);
  const digits = half > 0 ? Math.min(2, Math.max(0, 1 - Math.floor(Math.log10(half)))) : 2;
  return `${(times * mean).toFixed(digits)} ± ${half.toFixed(digits)}`;
}

function pricesText({ cheaperBetween }: ExpanderSummary): string {
  if (cheaperBetween === undefined) return 'none';
  const { from, to } = cheaperBetween;
  if (to < Infinity) return `up to ${dollars(to)}`;
  return from === 0 ? 'any' : `from ${dollars(from)}`;
}

function dollars(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}

/** Markdown that reads as a table in a terminal too. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)];
}
