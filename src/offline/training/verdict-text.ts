import { markdownTable } from '../reports/markdown-table.ts';
import type { SliceMetrics } from './trial-slices.ts';
import type { Estimate, Verdict } from './verdict.ts';

/** A verdict as a Markdown table, which a terminal shows as well as a README. */
export function verdictTable(verdict: Verdict): string {
  const head = [
    'forecast',
    'PR-AUC',
    'within-pool AUC',
    'Brier skill',
    'ROC-AUC',
    'ECE',
    'precision at recall 0.75',
    'F1',
  ];
  const rows = Object.entries(verdict.judgements).map(([name, one]) => [
    name,
    spread(one.prAuc),
    spread(one.withinPoolAuc),
    spread(one.brierSkill),
    one.rocAuc.value.toFixed(3),
    one.calibrationError.toFixed(4),
    one.precisionAtRecall75.toFixed(3),
    one.f1.toFixed(3),
  ]);
  return `${markdownTable([head, ...rows])}\n${verdict.rows} moments of pools over ${verdict.days} days, ${verdict.unstableRows} unstable (${(100 * verdict.prevalence).toFixed(2)} %). Brackets: 95 % of draws of whole days.\n`;
}

/** The first forecast in one sentence: how well it called the moments it had not seen. */
export function callsText({ judgements, f1Threshold }: Verdict): string {
  const [model] = Object.values(judgements);
  if (model === undefined) return '';
  const { precision, recall, f1, rocAuc, prAuc } = model;
  return `On what it had not seen: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} and F1 ${f1.toFixed(3)} at the threshold ${f1Threshold.toFixed(4)} (calibrated probability); ROC-AUC ${rocAuc.value.toFixed(3)}, PR-AUC ${prAuc.value.toFixed(3)}.\n`;
}

/** The first forecast against each other one, on the same draws. */
export function differenceTable(verdict: Verdict): string {
  const head = ['the model less', 'PR-AUC', 'within-pool AUC', 'Brier skill'];
  const rows = Object.entries(verdict.differences).map(([name, one]) => [
    name,
    spread(one.prAuc),
    spread(one.withinPoolAuc),
    spread(one.brierSkill),
  ]);
  return markdownTable([head, ...rows]);
}

/** The model by slice, a region's or a family's pools. */
export function sliceTable(kind: string, slices: readonly SliceMetrics[]): string {
  const head = [
    kind,
    'unstable',
    'PR-AUC',
    'less that of the 24 h return',
    'within-pool AUC',
    'Brier skill',
    'ECE',
  ];
  const rows = slices.map((one) => [
    one.name,
    `${(100 * one.prevalence).toFixed(2)} %`,
    spread(one.prAuc),
    spread(one.aboveReturn),
    spread(one.withinPoolAuc),
    spread(one.brierSkill),
    one.calibrationError.toFixed(4),
  ]);
  return markdownTable([head, ...rows]);
}

/** An estimate with its interval; a dash where there is none. */
export function spread(estimate: Estimate | null): string {
  if (estimate === null) return '–';
  const { value, low, high } = estimate;
  if (Number.isNaN(low) || Number.isNaN(high)) return value.toFixed(3);
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}
