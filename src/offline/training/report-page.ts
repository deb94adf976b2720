import { escaped } from '../reports/escaped.ts';
import { pageStyle } from '../reports/page-style.ts';
import { svgBars, svgPlot, type PlotSeries } from './svg-plot.ts';
import type { TrialReport } from './trial-report.ts';
import type { SliceMetrics } from './trial-slices.ts';
import { spread } from './verdict-text.ts';
import type { Estimate } from './verdict.ts';

const blue = 'var(--blue)';
const grey = 'var(--grey)';
const red = 'var(--red)';

/** The report as one HTML page that stands by itself. */
export function reportPage(report: TrialReport): string {
  const { verdict } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(report.title)}</title><style>${pageStyle}</style></head><body>
<h1>${escaped(report.title)}</h1>
<p>Measured by walking forward: every moment is forecast by a model that learnt only from what was known before it. ${verdict.rows} moments of pools over ${verdict.days} days; ${verdict.unstableRows} were unstable (${(100 * verdict.prevalence).toFixed(2)} %). Brackets hold 95 % of draws of whole days. A price rise interrupts nobody: this is the risk of price instability, not of interruption.</p>
<h2>Beside the baselines</h2>${judgementTable(report)}
<div class="plots">${plots(report)}</div>
<h2>By region</h2>${sliceTable(report.slices.regions)}
<h2>By zone</h2>${sliceTable(report.slices.zones)}
<h2>By family</h2>${sliceTable(report.slices.families)}
<h2>The history</h2><ul>${report.history.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>
</body></html>
`;
}

function judgementTable({ verdict }: TrialReport): string {
  const rows = Object.entries(verdict.judgements).map(
    ([name, one]) =>
      `<tr><td>${escaped(name)}</td>${[one.prAuc, one.withinPoolAuc, one.brierSkill, one.rocAuc].map((estimate) => `<td>${spread(estimate)}</td>`).join('')}<td>${one.calibrationError.toFixed(4)}</td><td>${one.precisionAtRecall75.toFixed(3)}</td><td>${one.f1.toFixed(3)}</td></tr>`,
  );
  return `<div class="wide"><table><tr><th>forecast</th><th>PR-AUC</th><th>within-pool AUC</th><th>Brier skill</th><th>ROC-AUC</th><th>ECE</th><th>precision at recall 0.75</th><th>F1</th></tr>${rows.join('')}</table></div>`;
}

function sliceTable(slices: readonly SliceMetrics[]): string {
  const cell = (estimate: Estimate | null): string => `<td>${spread(estimate)}</td>`;
  const rows = slices.map(
    (one) =>
      `<tr><td>${escaped(one.name)}</td><td>${one.rows}</td><td>${(100 * one.prevalence).toFixed(2)} %</td>${[one.prAuc, one.aboveReturn, one.withinPoolAuc, one.brierSkill].map(cell).join('')}<td>${one.calibrationError.toFixed(4)}</td></tr>`,
  );
  return `<div class="wide"><table><tr><th></th><th>moments</th><th>unstable</th><th>PR-AUC</th><th>less that of the 24 h return</th><th>within-pool AUC</th><th>Brier skill</th><th>ECE</th></tr>${rows.join('')}</table></div>`;
}

const unitSquare = { xRange: [0, 1], yRange: [0, 1] } as const;

function diagonal(name: string): PlotSeries {
  return {
    name,
    style: 'dashes',
    colour: grey,
    points: [
      [0, 0],
      [1, 1],
    ],
  };
}

function plots(report: TrialReport): string {
  const { curve, days } = report;
  const most = Math.max(...days.flatMap(({ predicted, observed }) => [predicted, observed]), 0.001);
  const dayCount = Math.max(days.length - 1, 1);
  return [
    svgPlot({
      title: 'Reliability',
      xLabel: 'forecast probability',
      yLabel: 'observed share',
      ...unitSquare,
      series: [
        diagonal('perfect'),
        {
          name: 'model',
          style: 'dots',
          colour: blue,
          points: report.reliability.map((bin) => [bin.meanPredicted, bin.observed]),
        },
      ],
    }),
    svgPlot({
      title: 'Precision and recall',
      xLabel: 'recall',
      yLabel: 'precision',
      ...unitSquare,
      series: [
        {
          name: 'model',
          style: 'line',
          colour: blue,
          points: curve.map((point) => [point.recall, point.precision]),
        },
        {
          name: 'prevalence',
          style: 'dashes',
          colour: grey,
          points: [
            [0, report.verdict.prevalence],
            [1, report.verdict.prevalence],
          ],
        },
      ],
    }),
    svgPlot({
      title: 'ROC',
      xLabel: 'false positive rate',
      yLabel: 'true positive rate',
      ...unitSquare,
      series: [
        diagonal('chance'),
        {
          name: 'model',
          style: 'line',
          colour: blue,
          points: [[0, 0], ...curve.map((point) => [point.falsePositiveRate, point.recall] as const)],
        },
      ],
    }),
    svgPlot({
      title: `Score through time, ${days[0]?.day ?? ''} to ${days.at(-1)?.day ?? ''}`,
      xLabel: 'day',
      yLabel: 'mean over all pools',
      xRange: [0, dayCount],
      yRange: [0, most],
      series: [
        {
          name: 'observed',
          style: 'line',
          colour: red,
          points: days.map((day, index) => [index, day.observed]),
        },
        {
          name: 'forecast',
          style: 'line',
          colour: blue,
          points: days.map((day, index) => [index, day.predicted]),
        },
      ],
    }),
    report.gains.length === 0
      ? ''
      : svgBars(
          'Gain by feature (published model)',
          report.gains.slice(0, 20).map(({ feature, share }) => ({ name: feature, value: share })),
        ),
  ].join('\n');
}
