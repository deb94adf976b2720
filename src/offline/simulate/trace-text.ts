import { hoursSince, type PairShare, type TraceHabits } from './trace-habits.ts';
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

/** What the traces themselves say, beside what policies make of it. */
export function habitsText(habits: TraceHabits): string {
  const { pools, afterInterruption, longestReturnHours, worstOverBest } = habits;
  const cells = [`${pools} pools`, ...afterInterruption.map((times) => times.toFixed(2))];
  return [
    '## How many times as often as on average a pool is interrupted, so long after it last was',
    '',
    `| | ${hoursSince.map((hours) => `${hours} h`).join(' | ')} |`,
    `|---|${hoursSince.map(() => '---|').join('')}`,
    `| ${cells.join(' | ')} |`,
    '',
    `From its return to its next interruption a pool lasts ${longestReturnHours.toFixed(1)} h on average at the most. The worst pool of a set is interrupted ${worstOverBest.toFixed(1)} times as often as its best (median of the sets). Of two pools of a set, the one that is empty more of the time is also interrupted more often in ${shareText(habits.emptierIsRiskier)}; the one that is interrupted more often in the first half of the time is so in the second in ${shareText(habits.riskierStaysSo)}.`,
    '',
    '',
  ].join('\n');
}

function shareText({ pairs, share }: PairShare): string {
  return `${(100 * share).toFixed(0)} % of ${pairs} pairs`;
}
