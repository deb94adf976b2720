import { markdownTable } from '../reports/markdown-table.ts';
import type { ExpanderSummary } from './comparison.ts';
import type { Interval } from './interval.ts';

export interface RegionVerdict {
  readonly region: string;
  readonly groups: number;
  readonly seeds: number;
  readonly disturbancePrice: number;
  readonly summaries: readonly ExpanderSummary[];
}

/** True when ours is cheaper and the interval of the difference leaves no doubt. */
export function isBeaten({ dearerThanOurs }: ExpanderSummary): boolean {
  return dearerThanOurs.low > 0;
}

function pricesText({ cheaperBetween }: ExpanderSummary): string {
  if (cheaperBetween === undefined) return 'none';
  const { from, to } = cheaperBetween;
  if (to < Infinity) return `up to ${to.toFixed(2)}`;
  return from === 0 ? 'any' : `from ${from.toFixed(2)}`;
}

const numbers = ({ mean, low, high }: Interval, digits: number, by = 1): string =>
  `${(by * mean).toFixed(digits)} (${(by * low).toFixed(digits)} … ${(by * high).toFixed(digits)})`;

/** One region as two Markdown tables that 140 columns hold, what it costs and what is met, and the verdict in a sentence. */
export function trialText({ region, groups, seeds, disturbancePrice, summaries }: RegionVerdict): string {
  const costs = summaries.map((one) => [
    one.expander,
    numbers(one.totalCost, 2, 1000),
    numbers(one.dearerThanOurs, 2, 100),
    numbers(one.regret, 2, 100),
    pricesText(one),
  ]);
  const met = summaries.map((one) => [
    one.expander,
    numbers(one.nodesCost, 2, 1000),
    numbers(one.interruptions, 2, 100),
    numbers(one.spikesMet, 2, 100),
    numbers(one.largestPool, 1, 100),
  ]);
  const rivals = summaries.filter(
    ({ expander }) => !expander.startsWith('spot-expander') && expander !== 'oracle',
  );
  const unbeaten = rivals.filter((one) => !isBeaten(one)).map(({ expander }) => expander);
  const verdict =
    unbeaten.length === 0
      ? 'Cheaper in total than every other expander, each difference beyond its 95 % interval.'
      : `NOT shown cheaper than ${unbeaten.join(', ')}.`;
  return [
    `## ${region}: ${groups} groups, ${seeds} seeds, $${disturbancePrice} an interruption`,
    '',
    '$ for 1,000 useful vCPU-hours, interruptions in 100,000; in brackets 95 % intervals over the seeds. Dearer: seed by seed.',
    'Ours cheaper: at which $ an interruption. Before a spike: of launches. In largest pool: of node-hours.',
    '',
    markdownTable([
      ['expander', 'total, $', '% dearer than ours', '% dearer than oracle', 'ours cheaper'],
      ...costs,
    ]),
    markdownTable([
      ['expander', 'nodes alone, $', 'interruptions', '% before a spike', '% in largest pool'],
      ...met,
    ]),
    verdict,
    '',
  ].join('\n');
}
