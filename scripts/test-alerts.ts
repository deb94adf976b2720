/**
 * Holds the alerting rules and the Grafana dashboard against promtool, their unit tests and what the built processes really
 * export. Ends with `N passed, N failed, N skipped`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { tallyOf, type Check } from './alerts/check.ts';
import { dashboardChecks, dashboardExpressions, grafanaDashboard } from './alerts/dashboard-checks.ts';
import { exportedMetrics } from './alerts/exported-metrics.ts';
import { hasPrometheus, liveQueryChecks } from './alerts/live-queries.ts';
import { nameChecks } from './alerts/name-checks.ts';
import { hasPromtool, howToGetPromtool, promtoolComplaint } from './alerts/promtool.ts';
import { ruleTestChecks } from './alerts/rule-tests.ts';
import { alertRules, rulesPath } from './alerts/rules-file.ts';
import { runningProcesses } from './alerts/running-processes.ts';
import { sumOf, type Tally } from './conformance/tally.ts';
import { closeWith } from './mocha-suite.ts';

const skippedSuite: Tally = { passed: 0, failed: 0, skipped: 1 };

function withPromtool(): Tally {
  if (!hasPromtool()) {
    console.log(`skipped: ${howToGetPromtool}`);
    return skippedSuite;
  }
  const complaint = promtoolComplaint(['check', 'rules', 'alerts.yaml'], {
    'alerts.yaml': readFileSync(rulesPath, 'utf8'),
  });
  const sound: Check = {
    fact: 'promtool finds nothing wrong with the rules',
    problems: complaint === undefined ? [] : [complaint],
  };
  return tallyOf([sound, ...dashboardChecks(grafanaDashboard()), ...ruleTestChecks(alertRules())]);
}

async function withProcesses(): Promise<Tally> {
  if (!existsSync(new URL('../dist/processes/main.js', import.meta.url))) {
    console.log('skipped: dist/ is not built (npm run build): nothing exports a metric');
    return skippedSuite;
  }
  const rules = alertRules().map(({ alert, expr }) => ({ name: `alert ${alert}`, expression: expr }));
  const panels = dashboardExpressions(grafanaDashboard());
  const processes = await runningProcesses();
  try {
    // Names are only there with a first value: layers, models, methods.
    await processes.scaleUp();
    const exported = await exportedMetrics(processes.targets);
    const live = hasPrometheus() ? await liveQueryChecks(panels, processes) : undefined;
    if (live === undefined) console.log('skipped: prometheus is not here: apt-get install prometheus');
    return sumOf([
      tallyOf([...nameChecks([...rules, ...panels], exported), ...(live ?? [])]),
      ...(live === undefined ? [skippedSuite] : []),
    ]);
  } finally {
    await processes.stop();
  }
}

closeWith(sumOf([withPromtool(), await withProcesses()]));
