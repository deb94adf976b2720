import { escaped } from '../reports/escaped.ts';
import type { Interval } from './interval.ts';
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
        .map(({ expander, regret }) => ({ label: expander, value: scaled(regret, 100) })),
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
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>spot-expander simulate</title>
<style>body{font:15px system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}svg{width:100%;height:auto}text{font:12px system-ui,sans-serif}</style>
<h1>What each expander would have cost</h1>
${parts.join('\n')}
</html>
`;
}

function scaled({ mean, low, high }: Interval, by: number): Interval {
  return { mean: mean * by, low: low * by, high: high * by };
}

function plot(title: string, bars: readonly Bar[]): string {
  const finite = bars.flatMap(({ value }) => [value.mean, value.low, value.high]).filter(Number.isFinite);
  const least = Math.min(0, ...finite);
  const most = Math.max(1e-9, ...finite);
  const left = 400;
  const width = 310;
  const x = (value: number): number =>
    left + (width * (Math.min(most, Math.max(least, value)) - least)) / (most - least);
  const rows = bars.map(({ label, value }, index) => {
    const { mean, low, high } = value;
    const y = 8 + index * 22;
    const from = Math.min(x(0), x(mean));
    const color = label.startsWith('spot-expander') || label.includes(', hot pools') ? '#1a6' : '#89a';
    return `<text x="${left - 8}" y="${y + 11}" text-anchor="end">${escaped(label)}</text><rect x="${from.toFixed(1)}" y="${y}" width="${Math.abs(x(mean) - x(0)).toFixed(1)}" height="14" fill="${color}"/><line x1="${x(low).toFixed(1)}" x2="${x(high).toFixed(1)}" y1="${y + 7}" y2="${y + 7}" stroke="#222"/><text x="${(Math.max(x(high), x(mean), x(0)) + 6).toFixed(1)}" y="${y + 11}">${figures(value)}</text>`;
  });
  const height = 16 + bars.length * 22;
  return `<h3>${escaped(title)}</h3><svg viewBox="0 0 900 ${height}" role="img" aria-label="${escaped(title)}"><line x1="${x(0).toFixed(1)}" x2="${x(0).toFixed(1)}" y1="0" y2="${height}" stroke="#bbb"/>${rows.join('')}</svg>`;
}

function figures({ mean, low, high }: Interval): string {
  const spread = Number.isFinite(high - low) ? ` (${low.toFixed(2)} … ${high.toFixed(2)})` : '';
  return `${mean.toFixed(2)}${spread}`;
}
