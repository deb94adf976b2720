import { markdownTable } from '../reports/markdown-table.ts';
import { comparedFigures, finiteIntervalOf, moreOf, type ComparedFigure } from './comparison.ts';
import { intervalOf } from './interval.ts';
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

/** Every cell together, and for each figure the cell in which ours does worst beside each rival: no average hides it. */
export function pooledText(cells: readonly CellRuns[], ours: string): string {
  if (cells.length < 2) return '';
  const rivals = (cells[0]?.runs[0] ?? [])
    .map(({ expander }) => expander)
    .filter((name) => !name.startsWith('spot-expander') && name !== 'oracle');
  const differences = (cell: CellRuns, rival: string, figure: ComparedFigure): readonly number[] =>
    cell.runs.flatMap((outcomes) => {
      const own = outcomes.find(({ expander }) => expander === ours);
      const other = outcomes.find(({ expander }) => expander === rival);
      return own === undefined || other === undefined ? [] : moreOf(figure, own, other);
    });
  const pooled = rivals.map((rival) => [
    rival,
    ...comparedFigures.map((figure) =>
      numbers(finiteIntervalOf(cells.flatMap((cell) => differences(cell, rival, figure))), 1, 100),
    ),
  ]);
  const worst = rivals.map((rival) => [
    rival,
    ...comparedFigures.map((figure) => {
      const means = cells.map((cell) => ({
        name: cell.name,
        mean: intervalOf(differences(cell, rival, figure).filter(Number.isFinite)).mean,
      }));
      const most = means.reduce((one, other) => (other.mean > one.mean ? other : one));
      const no = means.filter(({ mean }) => mean <= 0).length;
      return `${(100 * most.mean).toFixed(1)} (${no} of ${means.length} no worse)`;
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
