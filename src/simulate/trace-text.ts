import type { TraceVerdict } from './trace-trial.ts';

const span = ({ low, high }: { readonly low: number; readonly high: number }, digits = 0): string =>
  `${low.toFixed(digits)} … ${high.toFixed(digits)}`;

/** The traces as a Markdown table. */
export function traceText(verdicts: readonly TraceVerdict[]): string {
  const rows = verdicts.map((one) =>
    [
      one.set,
      `${one.pools}`,
      `${one.target}`,
      one.interruptionsWithout.mean.toFixed(1),
      one.interruptionsWith.mean.toFixed(1),
      `${one.difference.mean.toFixed(1)} (${span(one.difference, 1)})`,
      `${(100 * one.servedWithout.mean).toFixed(1)} %`,
      `${(100 * one.servedWith.mean).toFixed(1)} %`,
      `${(100 * one.dearer.mean).toFixed(1)} %`,
      one.difference.high < 0 ? 'fewer' : one.difference.low > 0 ? 'MORE' : 'not shown',
    ].join(' | '),
  );
  return [
    `## Availability traces, ${verdicts[0]?.seeds ?? 0} seeds: interruptions for 1,000 useful node-hours`,
    '',
    '| traces | pools | nodes | without hot pools | with | difference (95 %) | served without | served with | dearer by | interruptions |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    '',
  ].join('\n');
}
