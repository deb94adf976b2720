import { readdirSync, readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Check } from './check.ts';
import { promtoolComplaint } from './promtool.ts';
import { rulesPath, type AlertRule } from './rules-file.ts';

const testsFolder = new URL('../../test/rules/', import.meta.url).pathname;

const expectedAlert = z.strictObject({
  exp_labels: z.record(z.string(), z.string()),
  exp_annotations: z.strictObject({ summary: z.string() }),
});
const testFile = z.strictObject({
  rule_files: z.array(z.string()),
  evaluation_interval: z.string(),
  tests: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string(),
      input_series: z.array(z.strictObject({ series: z.string(), values: z.string() })),
      alert_rule_test: z.array(
        z.strictObject({
          alertname: z.string(),
          eval_time: z.string(),
          exp_alerts: z.array(expectedAlert),
        }),
      ),
    }),
  ),
});
type RuleTest = z.infer<typeof testFile>['tests'][number];

/** Each test of test/rules is one fact; and each alert is seen to fire and to be silent. */
export function ruleTestChecks(rules: readonly AlertRule[]): readonly Check[] {
  const byName = new Map(rules.map((rule) => [rule.alert, rule]));
  const rulesText = readFileSync(rulesPath, 'utf8');
  const files = readdirSync(testsFolder)
    .filter((file) => file.endsWith('.test.yaml'))
    .map((file) => ({ file, ...testFile.parse(parse(readFileSync(`${testsFolder}${file}`, 'utf8'))) }));
  const checks = files.flatMap(({ file, evaluation_interval, tests }) =>
    tests.map((test): Check => {
      const complaint = promtoolComplaint(['test', 'rules', 'test.yaml'], {
        'alerts.yaml': rulesText,
        'test.yaml': stringify({
          rule_files: ['alerts.yaml'],
          evaluation_interval,
          tests: [withFixedAnnotations(test, byName)],
        }),
      });
      return { fact: `${file}: ${test.name}`, problems: complaint === undefined ? [] : [complaint] };
    }),
  );
  const asked = files.flatMap(({ tests }) => tests.flatMap((test) => test.alert_rule_test));
  const seen = rules.map(({ alert }): Check => {
    const own = asked.filter(({ alertname }) => alertname === alert);
    return {
      fact: `${alert} is seen to fire and to be silent`,
      problems: [
        ...(own.some(({ exp_alerts }) => exp_alerts.length > 0) ? [] : ['no test in test/rules has it fire']),
        ...(own.some(({ exp_alerts }) => exp_alerts.length === 0)
          ? []
          : ['no test in test/rules has it silent']),
      ],
    };
  });
  return [...checks, ...seen];
}

/** promtool compares every annotation; those that say the same in every alert are taken from the rule. */
function withFixedAnnotations(test: RuleTest, rules: ReadonlyMap<string, AlertRule>): unknown {
  return {
    ...test,
    alert_rule_test: test.alert_rule_test.map((asked) => ({
      ...asked,
      exp_alerts: asked.exp_alerts.map(({ exp_labels, exp_annotations }) => {
        const { description = '', runbook_url = '' } = rules.get(asked.alertname)?.annotations ?? {};
        return {
          exp_labels,
          exp_annotations: {
            ...exp_annotations,
            description: withLabels(description, exp_labels),
            runbook_url,
          },
        };
      }),
    })),
  };
}

function withLabels(text: string, labels: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '');
}
