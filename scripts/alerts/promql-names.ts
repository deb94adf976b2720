/** A metric that an expression selects, with the labels that it matches on. */
export interface Selected {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** All our metrics and those of others that our rules and panels read begin with one of these. */
const metricName = /\b((?:spot|process|kube|nodejs)_\w+)\s*(\{[^}]*\})?/g;

export function selectedMetrics(expression: string): readonly Selected[] {
  return [...expression.matchAll(metricName)].map(([, metric = '', braces = '']) => ({
    metric,
    matchers: [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)].map(
      ([, label = '', operator = '=', value = '']): Matcher => ({
        label,
        operator: operator === '!=' || operator === '=~' || operator === '!~' ? operator : '=',
        value,
      }),
    ),
  }));
}

/** Labels of `by (…)`, `on (…)` and `ignoring (…)`. */
export function groupedLabels(expression: string): readonly string[] {
  return [...expression.matchAll(/\b(?:by|on|ignoring|without)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
}
