import { markdownTable } from '../reports/markdown-table.ts';
import { comparedFigures, type ComparedFigure, type ExpanderSummary } from './comparison.ts';
import type { Interval } from './interval.ts';

/** One region with one advisor document, one kind of demand and one kind of scale-down. */
export interface RegionVerdict {
  readonly region: string;
  /** What tells this cell from others of the region; empty where there is one. */
  readonly cell: string;
  readonly groups: number;
  readonly seeds: number;
  /** USD for a disturbed pod. */
  readonly disturbancePrice: number;
  readonly summaries: readonly ExpanderSummary[];
}

/** Everyone but ours, its variants and the oracle. */
export function rivalsOf(summaries: readonly ExpanderSummary[]): readonly ExpanderSummary[] {
  return summaries.filter(({ expander }) => !expander.startsWith('spot-expander') && expander !== 'oracle');
}

function pricesText({ cheaperBetween }: ExpanderSummary): string {
  if (cheaperBetween === undefined) return 'none';
  const { from, to } = cheaperBetween;
  if (to < Infinity) return `up to ${to.toFixed(2)}`;
  return from === 0 ? 'any' : `from ${from.toFixed(2)}`;
}

export const numbers = ({ mean, low, high }: Interval, digits: number, by = 1): string =>
  `${(by * mean).toFixed(digits)} (${(by * low).toFixed(digits)} … ${(by * high).toFixed(digits)})`;

const figureNames: Readonly<Record<ComparedFigure, string>> = {
  totalCost: 'total cost',
  disturbedPods: 'disturbed pods',
  largestLoss: 'the largest loss at once',
  largestPool: "the largest pool's share",
};

/**
 * A sentence for each figure: whom ours is better than, who is better than ours, and of whom nothing is shown, each by the
 * interval of the difference.
 */
export function verdictSentences(summaries: readonly ExpanderSummary[]): readonly string[] {
  const rivals = rivalsOf(summaries);
  return comparedFigures.map((figure) => {
    const of = (holds: (interval: Interval) => boolean): readonly string[] =>
      rivals.filter(({ besideOurs }) => holds(besideOurs[figure])).map(({ expander }) => expander);
    const better = of(({ low }) => low > 0);
    const worse = of(({ high }) => high < 0);
    const open = of(({ low, high }) => !(low > 0) && !(high < 0));
    const parts = [
      ...(better.length === rivals.length
        ? ['less than every other expander, each difference beyond its 95 % interval']
        : better.length > 0
          ? [`less than ${better.join(', ')}`]
          : []),
      ...(worse.length > 0
        ? [`${figure === 'totalCost' ? 'DEARER than' : 'MORE than'} ${worse.join(', ')}`]
        : []),
      ...(open.length > 0 ? [`no difference shown to ${open.join(', ')}`] : []),
    ];
    return `Ours, ${figureNames[figure]}: ${parts.join('; ')}.`;
  });
}

/** Where no launch fails nobody waits. */
function waitingTable(summaries: readonly ExpanderSummary[]): readonly string[] {
  if (summaries.every(({ failedLaunches }) => failedLaunches.mean === 0)) return [];
  const rows = summaries.map((one) => [
    one.expander,
    numbers(one.failedLaunches, 1, 100),
    numbers(one.waitedMinutes, 2),
  ]);
  return [
    markdownTable([
      ['dry pools', '% of scale-ups that brought too little', 'minutes until a pod starts'],
      ...rows,
    ]),
  ];
}

/** One region as three Markdown tables that 140 columns hold, and the verdict in a sentence for each figure. */
export function trialText({
  region,
  cell,
  groups,
  seeds,
  disturbancePrice,
  summaries,
}: RegionVerdict): string {
  const costs = summaries.map((one) => [
    one.expander,
    numbers(one.totalCost, 2, 1000),
    numbers(one.besideOurs.totalCost, 2, 100),
    one.regret === undefined ? 'not asked' : numbers(one.regret, 2, 100),
    pricesText(one),
  ]);
  const met = summaries.map((one) => [
    one.expander,
    numbers(one.nodesCost, 2, 1000),
    numbers(one.disturbedPods, 1, 100),
    numbers(one.largestLoss, 1),
    numbers(one.largestPool, 1, 100),
  ]);
  const beside = rivalsOf(summaries).map((one) => [
    one.expander,
    numbers(one.besideOurs.disturbedPods, 1, 100),
    numbers(one.besideOurs.largestLoss, 1, 100),
    numbers(one.besideOurs.largestPool, 1, 100),
    numbers(one.spikesMet, 2, 100),
  ]);
  const name = cell === '' ? region : `${region}, ${cell}`;
  return [
    `## ${name}: ${groups} groups, ${seeds} seeds, $${disturbancePrice} a disturbed pod`,
    '',
    '$ for 1,000 useful vCPU-hours, disturbed pods in 100,000; in brackets 95 % intervals over the seeds. Beside ours: seed by seed.',
    'Ours cheaper: at which $ a pod. Largest loss: pods within a minute. Largest pool: of the vCPUs of a moment. Spike: of launches.',
    '',
    markdownTable([
      ['expander', 'total, $', '% dearer than ours', '% dearer than oracle', 'ours cheaper'],
      ...costs,
    ]),
    markdownTable([
      ['expander', 'nodes alone, $', 'disturbed pods', 'largest loss', '% in largest pool'],
      ...met,
    ]),
    markdownTable([
      ['beside ours, % more', 'disturbed pods', 'largest loss', 'largest pool', '% before a spike'],
      ...beside,
    ]),
    ...waitingTable(summaries),
    ...verdictSentences(summaries),
    '',
  ].join('\n');
}
