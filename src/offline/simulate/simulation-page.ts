import { escaped } from '../reports/escaped.ts';
import { pageStyle } from '../reports/page-style.ts';
import { bounded, type Interval } from './interval.ts';
import type { TraceVerdict } from './trace-trial.ts';
import type { RegionVerdict } from './trial-text.ts';

interface Bar {
  readonly label: string;
  readonly value: Interval;
}

/** A page without scripts or outside files: for each region the costs, for each set of traces the interruptions, with their intervals. */
export function simulationPage(regions: readonly RegionVerdict[], traces: readonly TraceVerdict[]): string {
  const parts = regions.flatMap(({ region, cell, seeds, disturbancePrice, summaries }) => [
    `<h2>${escaped(cell === '' ? region : `${region}, ${cell}`)}</h2><p>${seeds} seeds; a disturbed pod costs $${disturbancePrice}; bars are means, lines 95 % intervals.</p>`,
    plot(
      'Total cost, $ per 1,000 useful vCPU-hours',
      summaries.map(({ expander, totalCost }) => ({ label: expander, value: scaled(totalCost, 1000) })),
    ),
    plot(
      'Dearer than spot-expander, %, seed by seed',
      summaries
        .filter(({ expander }) => expander !== 'spot-expander')
        .map(({ expander, besideOurs }) => ({ label: expander, value: scaled(besideOurs.totalCost, 100) })),
    ),
    plot(
      'Regret: dearer than the oracle, %, seed by seed',
      summaries
        .filter(({ expander }) => expander !== 'oracle')
        .flatMap(({ expander, regret }) =>
          regret === undefined ? [] : { label: expander, value: scaled(regret, 100) },
        ),
    ),
    plot(
      'Disturbed pods in 100,000 useful vCPU-hours',
      summaries.map(({ expander, disturbedPods }) => ({
        label: expander,
        value: scaled(disturbedPods, 100),
      })),
    ),
    plot(
      'Pods in the largest loss within a minute',
      summaries.map(({ expander, largestLoss }) => ({ label: expander, value: largestLoss })),
    ),
    plot(
      'vCPUs of a moment in the largest pool, %',
      summaries.map(({ expander, largestPool }) => ({ label: expander, value: scaled(largestPool, 100) })),
    ),
  ]);
  if (traces.length > 0) {
    parts.push('<h2>Availability traces</h2>');
    parts.push(
      plot(
        'Interruptions per 1,000 useful node-hours',
        traces.flatMap(({ set, arms }) =>
          arms.map(({ name, interruptions }) => ({
            label: `${set.split('/').at(-1) ?? set}, ${name}`,
            value: interruptions,
          })),
        ),
      ),
    );
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>spot-expander simulate</title><style>${pageStyle}</style></head><body>
<h1>What each expander would have cost</h1>
${parts.join('\n')}
</body></html>
`;
}

function scaled({ mean, low, high }: Interval, by: number): Interval {
  return { mean: mean * by, low: low * by, high: high * by };
}

/** What a figure can be: less than nothing only where it is a difference, and more than 100 % only where it is no share. */
function limitsOf(title: string): readonly [least: number, most: number] {
  if (/^(Dearer|Regret)/.test(title)) return [-Infinity, Infinity];
  return [0, title.endsWith('%') ? 100 : Infinity];
}

/** Bars with their intervals, as boxes that a phone stacks: names and figures are text of the page and are never cut. */
function plot(title: string, bars: readonly Bar[]): string {
  const [lowest, highest] = limitsOf(title);
  const within = bars.map(({ label, value }) => ({ label, value: bounded(value, lowest, highest) }));
  const finite = within.flatMap(({ value }) => [value.mean, value.low, value.high]).filter(Number.isFinite);
  const least = Math.min(0, ...finite);
  const most = Math.max(1e-9, ...finite);
  const at = (value: number): number =>
    (100 * (Math.min(most, Math.max(least, value)) - least)) / (most - least);
  const box = (tag: string, from: number, to: number): string =>
    `<${tag} style="left:${Math.min(from, to).toFixed(2)}%;width:${Math.abs(to - from).toFixed(2)}%"></${tag}>`;
  const rows = within.map(({ label, value }) => {
    const isOurs = label.startsWith('spot-expander') || label.includes(', hot pools');
    const interval = Number.isFinite(value.high - value.low) ? box('b', at(value.low), at(value.high)) : '';
    return `<div class="row${isOurs ? ' ours' : ''}"><span class="name">${escaped(label)}</span><span class="bar">${box('i', at(0), at(value.mean))}${interval}<u style="left:${at(0).toFixed(2)}%"></u></span><span>${figures(value)}</span></div>`;
  });
  return `<h3>${escaped(title)}</h3><div role="img" aria-label="${escaped(title)}">${rows.join('')}</div>`;
}

function figures({ mean, low, high }: Interval): string {
  const spread = Number.isFinite(high - low) ? ` (${low.toFixed(2)} … ${high.toFixed(2)})` : '';
  return `${mean.toFixed(2)}${spread}`;
}
