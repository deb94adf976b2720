import type { Tally } from '../conformance/tally.ts';

/** A fact that holds when there is no problem. */
export interface Check {
  readonly fact: string;
  readonly problems: readonly string[];
}

/** Says what failed; what holds is only counted. */
export function tallyOf(checks: readonly Check[]): Tally {
  const failed = checks.filter(({ problems }) => problems.length > 0);
  for (const { fact, problems } of failed)
    console.log(`FAILED: ${fact}\n${problems.map((one) => `  ${one}`).join('\n')}`);
  return { passed: checks.length - failed.length, failed: failed.length, skipped: 0 };
}
