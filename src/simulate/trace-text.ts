import type { TraceVerdict } from './trace-trial.ts';

/** The traces as a Markdown table, one row for each set and way of choosing. */
export function traceText(verdicts: readonly TraceVerdict[]): string {
  const rows = verdicts.flatMap(({ set, pools, target, arms }) =>
    arms.map(({ name, interruptions, difference, served, dearer }, index) =>
      [
        set,
        `${target} in ${pools}`,
        name,
        interruptions.mean.toFixed(1),
        index === 0
          ? ''
          : `${difference.mean.toFixed(1)} (${difference.low.toFixed(1)} … ${difference.high.toFixed(1)})`,
        `${(100 * served.mean).toFixed(1)} %`,
        index === 0 ? '' : `${(100 * dearer.mean).toFixed(1)} %`,
        index === 0
          ? ''
          : difference.high < -1e-9
            ? 'fewer'
            : difference.low > 1e-9
              ? 'MORE'
              : 'no difference shown',
      ].join(' | '),
    ),
  );
  return [
    `## Availability traces, ${verdicts[0]?.seeds ?? 0} seeds: interruptions for 1,000 useful node-hours`,
    '',
    '| traces | nodes in pools | policy | interruptions | against without (95 %) | served | dearer by | verdict |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    '',
  ].join('\n');
}
