import { reportPage } from './report-page.ts';
import type { TrialReport } from './trial-report.ts';

/** What people read of a trial, by file name: the figures and the page with plots. */
export function trialFiles(name: string, report: TrialReport): ReadonlyMap<string, string> {
  return new Map([
    [`${name}.report.json`, `${JSON.stringify(report, null, 1)}\n`],
    [`${name}.report.html`, reportPage(report)],
  ]);
}
