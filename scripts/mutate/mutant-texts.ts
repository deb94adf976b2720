import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface MutantResult {
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement?: string | undefined;
  readonly status: string;
  /** From 1, as an editor counts. */
  readonly location: { readonly start: Position; readonly end: Position };
}

/** A test failed, or never ended. */
export const isSeen = ({ status }: MutantResult): boolean => status === 'Killed' || status === 'Timeout';

/** No test fails by it. What is left out, by an option or a comment in the code, is neither seen nor unseen. */
export const isUnseen = ({ status }: MutantResult): boolean =>
  status === 'Survived' || status === 'NoCoverage';

export function survivorText({ fileName, location, mutatorName, replacement, status }: MutantResult): string {
  const { start, end } = location;
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const before = lines[0]!.slice(0, start.column - 1);
  const after = lines.at(-1)!.slice(end.column - 1);
  return [
    `${relative(process.cwd(), fileName)}:${start.line}:${start.column} ${mutatorName}${status === 'NoCoverage' ? ', which no test runs' : ''}`,
    ...lines.map((line) => `- ${line}`),
    ...`${before}${replacement ?? ''}${after}`.split('\n').map((line) => `+ ${line}`),
    '',
  ].join('\n');
}

/** A row for each file and one for all. @returns the share that tests see, too: from 0 to 1. */
export function scoreTable(results: readonly MutantResult[]): {
  readonly text: string;
  readonly seen: number;
} {
  const byFile = Map.groupBy(
    results.filter((result) => isSeen(result) || isUnseen(result)),
    ({ fileName }) => relative(process.cwd(), fileName),
  );
  const rows = [...byFile].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = rows.flatMap(([, mutants]) => mutants);
  const lines = [...rows, [`all ${rows.length} files`, all] as const].map(([name, mutants]) => {
    const seen = mutants.filter(isSeen).length;
    const timeOuts = mutants.filter(({ status }) => status === 'Timeout').length;
    const late = timeOuts === 0 ? '' : `, ${timeOuts} of them by running out of time`;
    return `${name.padEnd(44)} ${percent(seen / mutants.length)}  ${seen} of ${mutants.length}${late}`;
  });
  return { text: lines.join('\n'), seen: all.length === 0 ? 1 : all.filter(isSeen).length / all.length };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(7);
