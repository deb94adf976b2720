import type { ExpanderSummary } from './comparison.ts';
import type { Interval } from './interval.ts';

export interface RegionVerdict {
  readonly region: string;
  readonly groups: number;
  readonly seeds: number;
  readonly disturbancePrice: number;
  readonly summaries: readonly ExpanderSummary[];
}

const percent = (value: number, digits = 2): string => `${(100 * value).toFixed(digits)} %`;
const percents = ({ mean, low, high }: Interval, digits = 2): string =>
  `${percent(mean, digits)} (${percent(low, digits)} … ${percent(high, digits)})`;

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

/** One region as a Markdown table and the verdict in a sentence. */
export function trialText({ region, groups, seeds, disturbancePrice, summaries }: RegionVerdict): string {
  const rows = summaries.map((one) =>
    [
      one.expander,
      (1000 * one.totalCost.mean).toFixed(3),
      (1000 * one.nodesCost.mean).toFixed(3),
      one.interruptions.mean.toFixed(2),
      percent(one.spikesMet.mean),
      percent(one.largestPool.mean, 0),
      percents(one.regret),
      percents(one.dearerThanOurs),
      pricesText(one),
    ].join(' | '),
  );
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
    '| expander | total, $ per 1,000 useful vCPU-h | nodes alone | interruptions per 1,000 vCPU-h | launches before a price spike | largest pool | dearer than the oracle | dearer than spot-expander | ours cheaper at $ an interruption |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    verdict,
    '',
  ].join('\n');
}
