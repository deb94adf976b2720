import type { Check } from './check.ts';
import type { Exported } from './exported-metrics.ts';
import { groupedLabels, selectedMetrics, type Matcher } from './promql-names.ts';

export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** Labels that Prometheus adds when it scrapes. */
const scraped = new Set(['namespace', 'job', 'instance', 'pod']);

/** Metrics of kube-state-metrics that the rules read, with their labels; nothing fails where it is not installed. */
const others: ReadonlyMap<string, readonly string[]> = new Map([
  ['kube_cronjob_status_last_schedule_time', ['cronjob']],
  ['kube_cronjob_status_last_successful_time', ['cronjob']],
  ['kube_daemonset_status_number_unavailable', ['daemonset']],
]);

/** Every metric, label and label value of an expression is one that the built processes export. */
export function nameChecks(expressions: readonly NamedExpression[], exported: Exported): readonly Check[] {
  return expressions.map(({ name, expression }) => {
    const selected = selectedMetrics(expression);
    const labels = new Set(selected.flatMap(({ metric }) => labelsOf(metric, exported) ?? []));
    const problems = [
      ...(selected.length === 0 ? ['selects no metric'] : []),
      ...selected.flatMap(({ metric, matchers }) => {
        if (labelsOf(metric, exported) === undefined) return [`nothing exports ${metric}`];
        return others.has(metric) ? [] : matchers.flatMap((one) => matcherProblems(metric, one, exported));
      }),
      ...groupedLabels(expression)
        .filter((label) => !scraped.has(label) && !labels.has(label))
        .map((label) => `no metric of it has the label ${label}`),
    ];
    return { fact: `${name} reads what is exported`, problems };
  });
}

function labelsOf(metric: string, exported: Exported): readonly string[] | undefined {
  const known = exported.get(metric);
  return known === undefined ? others.get(metric) : [...known.keys()];
}

function matcherProblems(metric: string, { label, operator, value }: Matcher, exported: Exported): string[] {
  if (scraped.has(label)) return [];
  const values = exported.get(metric)?.get(label);
  if (values === undefined) return [`${metric} has no label ${label}`];
  const named = operator === '=' || operator === '!=' ? [value] : value.split('|');
  return named
    .filter((one) => !values.has(one))
    .map((one) => `${metric} never has ${label}="${one}"; it has ${[...values].join(', ')}`);
}
