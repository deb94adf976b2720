import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { stringify } from 'yaml';
import type { Check } from './check.ts';
import type { NamedExpression } from './name-checks.ts';
import { promtoolComplaint } from './promtool.ts';

const target = z.looseObject({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string(),
  datasource: z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') }),
});
const panel = z.looseObject({
  id: z.int(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int().positive(), h: z.int().positive() }),
  fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string() }) }).optional(),
  targets: z.array(target).default([]),
});
const dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  schemaVersion: z.int(),
  templating: z.looseObject({
    list: z.array(z.looseObject({ name: z.string(), definition: z.string().optional() })),
  }),
  panels: z.array(panel),
});
type Panel = z.infer<typeof panel>;
export type Dashboard = z.infer<typeof dashboard>;

export const dashboardPath = new URL('../../charts/spot-expander/files/dashboard.json', import.meta.url)
  .pathname;

export function grafanaDashboard(): Dashboard {
  return dashboard.parse(JSON.parse(readFileSync(dashboardPath, 'utf8')));
}

/** The expressions of panels and of variables, as Prometheus is asked them. */
export function dashboardExpressions({ panels, templating }: Dashboard): readonly NamedExpression[] {
  return [
    ...panels.flatMap(({ title, targets }) =>
      targets.map(({ refId, expr }) => ({ name: `panel "${title}" ${refId}`, expression: asAsked(expr) })),
    ),
    ...templating.list.flatMap(({ name, definition }) => {
      const series = /^label_values\((.*), \w+\)$/.exec(definition ?? '')?.[1];
      return series === undefined ? [] : [{ name: `variable ${name}`, expression: asAsked(series) }];
    }),
  ];
}

function asAsked(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '6h')
    .replaceAll(/\$(?:namespace|server)\b/g, '.*');
}

export function dashboardChecks(made: Dashboard): readonly Check[] {
  const shown = made.panels.filter(({ type }) => type !== 'row');
  const expressions = dashboardExpressions(made);
  const recorded = stringify({
    groups: [
      {
        name: 'dashboard',
        rules: expressions.map(({ expression }, index) => ({ record: `panel:${index}`, expr: expression })),
      },
    ],
  });
  const complaint = promtoolComplaint(['check', 'rules', 'rules.yaml'], { 'rules.yaml': recorded });
  const variables = new Set(made.templating.list.map(({ name }) => name));
  return [
    {
      fact: 'every expression of the dashboard is PromQL',
      problems: complaint === undefined ? [] : [complaint],
    },
    {
      fact: 'no two panels of the dashboard share an id',
      problems: twice(made.panels.map(({ id }) => `${id}`)),
    },
    { fact: 'no two panels of the dashboard overlap or stand outside', problems: misplaced(made.panels) },
    {
      fact: 'every panel has a description, a unit, queries and legends',
      problems: shown.flatMap(({ title, description, fieldConfig, targets }) => [
        ...((description ?? '').length < 20 ? [`${title}: no description`] : []),
        ...(fieldConfig === undefined ? [`${title}: no unit`] : []),
        ...(targets.length === 0 ? [`${title}: no query`] : []),
        ...targets.filter(({ legendFormat }) => legendFormat === '').map(() => `${title}: no legend`),
      ]),
    },
    {
      fact: 'every variable that a query of the dashboard uses exists',
      problems: shown.flatMap(({ title, targets }) =>
        targets.flatMap(({ expr }) =>
          [...expr.matchAll(/\$(\w+)/g)]
            .map(([, name = '']) => name)
            .filter((name) => !name.startsWith('__') && !variables.has(name))
            .map((name) => `${title}: $${name}`),
        ),
      ),
    },
  ];
}

function twice(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function misplaced(panels: readonly Panel[]): readonly string[] {
  return panels.flatMap((one, index) => [
    ...(one.gridPos.x < 0 || one.gridPos.x + one.gridPos.w > 24 ? [`${one.title} is outside`] : []),
    ...panels
      .slice(index + 1)
      .filter((other) => overlap(one.gridPos, other.gridPos))
      .map((other) => `${one.title} and ${other.title}`),
  ]);
}

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
