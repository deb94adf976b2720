import type { Clock } from '../../ports/clock.ts';
import type { CapacityFigures, CapacityManager, OpenedCapacity } from '../../ports/capacity-manager.ts';
import type { AccountRecord } from './account-record.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** AWS tells of so much. */
const wholeMs = 90 * dayMs;
/** By the hour, since the newest interruptions matter by the hour; what is older by the day. */
const hourlyMs = 3 * dayMs;
/** Hours younger than this, behind the newest that AWS has, may still lack what came late. */
const settlingMs = 3 * hourMs;

export interface AccountRefreshOptions {
  readonly manager: CapacityManager;
  readonly record: AccountRecord;
  /** Where it is likely to be enabled. */
  readonly homeRegions: readonly string[];
  readonly region: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Why nothing is read, or that it is: once while it stays so. */
  readonly onState: (sentence: string) => void;
}

/** The state of the account's record, for people. */
export interface AccountRefresh {
  readonly run: (signal: AbortSignal) => Promise<'changed' | 'unchanged'>;
  readonly sentence: () => string | undefined;
}

/**
 * Reads what EC2 Capacity Manager has: the days of three months once a day, the hours of the last three days each time that a new
 * hour is there, so that what was corrected takes its place. Where there is nothing to be read, or we may not, nothing fails: the
 * fleet's own record stands alone, and a sentence says why.
 */
export function accountRefresh(options: AccountRefreshOptions): AccountRefresh {
  const { manager, record, homeRegions, region, clock, onState } = options;
  let sentence: string | undefined;
  let days: readonly (CapacityFigures & { readonly periodHours: number })[] = [];
  let daysUntilMs = NaN;
  let latestMs = NaN;

  function tell(now: string): void {
    if (now !== sentence) onState(now);
    sentence = now;
  }

  async function read(
    { homeRegion }: Extract<OpenedCapacity, { readonly kind: 'open' }>,
    sinceMs: number,
    untilMs: number,
    periodHours: 1 | 24,
    signal: AbortSignal,
  ): Promise<readonly (CapacityFigures & { readonly periodHours: number })[]> {
    const rows: (CapacityFigures & { readonly periodHours: number })[] = [];
    if (sinceMs >= untilMs) return rows;
    const query = { homeRegion, region, sinceMs, untilMs, periodHours, byAccount: false } as const;
    for await (const page of manager.figures({ ...query, figures: 'use' }, signal))
      for (const row of page)
        if (row.atMs >= sinceMs && row.atMs < untilMs) rows.push({ ...row, periodHours });
    return rows;
  }

  return {
    sentence: () => sentence,
    async run(signal) {
      const nowMs = clock.nowMs();
      const opened = await manager.open({ homeRegions, enable: false, organization: false }, signal);
      if (opened.kind !== 'open') {
        tell(opened.sentence);
        return 'unchanged';
      }
      const untilMs = Math.min(floored(opened.latestMs, hourMs) + hourMs, floored(nowMs, hourMs));
      if (untilMs === latestMs) return 'unchanged';
      const hoursSinceMs = floored(untilMs - hourlyMs, dayMs);
      const earliestMs = Math.max(opened.earliestMs, nowMs - wholeMs + dayMs);
      const daysSinceMs = Math.ceil(earliestMs / dayMs) * dayMs;
      if (daysUntilMs !== hoursSinceMs) {
        days = await read(opened, daysSinceMs, hoursSinceMs, 24, signal);
        daysUntilMs = hoursSinceMs;
      }
      const hoursFromMs = Math.max(hoursSinceMs, Math.ceil(opened.earliestMs / hourMs) * hourMs);
      const hours = await read(opened, hoursFromMs, untilMs, 1, signal);
      const covered = { sinceMs: Math.min(daysSinceMs, hoursFromMs), untilMs: untilMs - settlingMs };
      record.replace([...days, ...hours], covered);
      latestMs = untilMs;
      tell(
        `EC2 Capacity Manager in ${opened.homeRegion} tells of the account's Spot hours and interruptions since ${new Date(covered.sinceMs).toISOString().slice(0, 10)}.`,
      );
      return 'changed';
    },
  };
}

function floored(ms: number, unitMs: number): number {
  return Math.floor(ms / unitMs) * unitMs;
}
