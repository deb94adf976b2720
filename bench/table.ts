import Table from 'cli-table3';
import { ratioOf, type Row } from './row.ts';

/** The rows for a person: what it is, both sides, the ratio, and whether what was to be reached is reached. */
export function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ['measured', 'ours', 'peer', 'ratio', 'to reach', ''],
    colAligns: ['left', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const ratio = ratioOf(row);
    table.push([
      row.name,
      `${figure(row.ours)} ${row.unit}`,
      row.peer === undefined ? '' : `${figure(row.peer)} ${row.unit}`,
      ratio === undefined ? '' : ratio.toFixed(2),
      row.target?.words ?? '',
      row.target === undefined ? '' : row.target.met ? 'met' : 'NOT MET',
    ]);
  }
  return table.toString();
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
