import { markdownTable } from '../reports/markdown-table.ts';
import { comparedFigures, finiteIntervalOf, moreOf, type ComparedFigure } from './comparison.ts';
import { intervalOf, type Interval } from './interval.ts';
import type { RunOutcome } from './run-outcome.ts';
import { numbers } from './trial-text.ts';

/** All seeds of one cell: a region with one advisor document, one kind of demand and one kind of scale-down. */
export interface CellRuns {
  readonly name: string;
  readonly runs: readonly (readonly RunOutcome[])[];
}

const headings: Readonly<Record<ComparedFigure, string>> = {
  totalCost: 'total cost',
  disturbedPods: 'disturbed pods',
  largestLoss: 'largest loss',
  largestPool: 'largest pool',
};

/**
 * Every cell together, and for each figure the cell in which ours does worst beside each rival: no average hides it. Cells share
 * their seeds' demand, so a seed counts once, as the mean over its cells.
 */
export function pooledText(cells: readonly CellRuns[], ours: string): string {
  if (cells.length < 2) return '';
  const rivals = (cells[0]?.runs[0] ?? [])
    .map(({ expander }) => expander)
    .filter((name) => !name.startsWith('spot-expander') && name !== 'oracle');
  const pooled = rivals.map((rival) => [
    rival,
    ...comparedFigures.map((figure) => numbers(pooledMore(cells, ours, rival, figure), 1, 100)),
  ]);
  const worst = rivals.map((rival) => [
    rival,
    ...comparedFigures.map((figure) => {
      const means = cells.map((cell) => meanOf(bySeed(cell, ours, rival, figure)));
      const no = means.filter((mean) => mean <= 0).length;
      return `${(100 * Math.max(...means)).toFixed(1)} (${no} of ${means.length} no worse)`;
    }),
  ]);
  return [
    `## All ${cells.length} cells: % that ours has more than the other, seed by seed; below 0 ours has less`,
    '',
    markdownTable([['beside', ...comparedFigures.map((figure) => headings[figure])], ...pooled]),
    'The cell in which ours does worst:',
    '',
    markdownTable([['beside', ...comparedFigures.map((figure) => headings[figure])], ...worst]),
  ].join('\n');
}

/**
 * What it costs to spread: ours with each weight of losses at once, and the rivals that spread widest, beside cheapest-now.
 * Empty where ours has one weight.
 */
export function spreadingText(cells: readonly CellRuns[], ours: string): string {
  const names = (cells[0]?.runs[0] ?? []).map(({ expander }) => expander);
  const weighted = names.filter((name) => name.startsWith(`${ours}, losses at once`));
  if (weighted.length === 0) return '';
  const rows = [ours, ...weighted, 'least-waste', 'random'].map((name) => [
    name,
    ...comparedFigures.map((figure) => numbers(pooledMore(cells, name, 'cheapest-now', figure), 1, 100)),
    numbers(pooledMore(cells, name, 'random', 'largestPool'), 1, 100),
  ]);
  return [
    '## What it costs to spread: % more than cheapest-now, and of the largest pool more than random',
    '',
    markdownTable([
      ['', ...comparedFigures.map((figure) => headings[figure]), 'largest pool, beside random'],
      ...rows,
    ]),
  ].join('\n');
}

function pooledMore(
  cells: readonly CellRuns[],
  name: string,
  rival: string,
  figure: ComparedFigure,
): Interval {
  const all = cells.map((cell) => bySeed(cell, name, rival, figure));
  const seeds = Math.max(...all.map(({ length }) => length));
  return finiteIntervalOf(
    Array.from({ length: seeds }, (_, seed) => meanOf(all.flatMap((one) => one[seed] ?? []))),
  );
}

function bySeed(cell: CellRuns, name: string, rival: string, figure: ComparedFigure): readonly number[] {
  return cell.runs.map((outcomes) => {
    const own = outcomes.find(({ expander }) => expander === name);
    const other = outcomes.find(({ expander }) => expander === rival);
    return own === undefined || other === undefined ? NaN : moreOf(figure, own, other);
  });
}

function meanOf(values: readonly number[]): number {
  return intervalOf(values.filter(Number.isFinite)).mean;
}
