import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const alertRule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const rulesFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alertRule).min(1) })).min(1),
});

export type AlertRule = z.infer<typeof alertRule>;

export const rulesPath = new URL('../../charts/spot-expander/files/alerts.yaml', import.meta.url).pathname;

/** @throws a ZodError for a rule that lacks a part that every alert of ours has. */
export function alertRules(): readonly AlertRule[] {
  return rulesFile.parse(parse(readFileSync(rulesPath, 'utf8'))).groups.flatMap(({ rules }) => rules);
}
