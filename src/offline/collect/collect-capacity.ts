import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../errors/message-of.ts';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import type { CapacityFigures, CapacityManager, CapacityQuery } from '../../ports/capacity-manager.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { capacityDayKey, capacityDayText, capacityRowKey, keptCapacityDay } from './capacity-days.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** AWS corrects hours that it has published: so much before the last one is asked for again. */
const revisedMs = 2 * dayMs;
/** AWS tells of so much. */
const keptMs = 90 * dayMs;

export interface CapacityOrder {
  readonly homeRegion: string;
  readonly region: string;
  /** When the first and the last hour begin that AWS tells of. */
  readonly earliestMs: number;
  readonly latestMs: number;
  readonly byAccount: boolean;
  readonly nowMs: number;
  /** Between two questions. */
  readonly pauseMs: number;
}

export interface CapacityPorts {
  readonly manager: CapacityManager;
  readonly store: ObjectStore;
  readonly progress: (sentence: string) => void;
  /** How many days of those that were missing are written. */
  readonly onStep?: (done: number, all: number) => void;
}

export interface CollectedCapacity {
  readonly rows: number;
  readonly interruptions: number;
  /** Hours that were known and of which AWS says nothing any more: what was known stays. */
  readonly silentHours: number;
  /** Why requests for capacity are not told of; undefined where they are. */
  readonly withoutFulfillment: string | undefined;
}

/**
 * Brings a region's record of EC2 Capacity Manager up to its last hour, a day at a time, oldest first, each day's file replaced
 * whole before the next is asked for. Goes on where the last run ended, the last two days once more, for what came late and was
 * corrected.
 */
export async function collectCapacity(
  order: CapacityOrder,
  ports: CapacityPorts,
  signal: AbortSignal,
): Promise<CollectedCapacity> {
  const { region, nowMs } = order;
  const { store, progress, onStep } = ports;
  const untilMs = Math.min(floored(order.latestMs, hourMs) + hourMs, floored(nowMs, hourMs));
  const oldestMs = Math.max(floored(order.earliestMs, hourMs), floored(nowMs - keptMs, hourMs) + hourMs);
  const cursorMs = await readCursor(store, region, order.byAccount, signal);
  const fromMs = Math.max(oldestMs, (cursorMs ?? -Infinity) - revisedMs);
  const days = Math.max(0, Math.ceil((untilMs - floored(fromMs, dayMs)) / dayMs));
  let rows = 0;
  let interruptions = 0;
  let silentHours = 0;
  let withoutFulfillment: string | undefined;
  for (let sinceMs = fromMs, done = 0; sinceMs < untilMs; done++) {
    if (done > 0) await wait(order.pauseMs, undefined, { signal });
    const endMs = Math.min(untilMs, floored(sinceMs, dayMs) + dayMs);
    const span = { ...spanOf(order, sinceMs, endMs), figures: 'use' } as const;
    const answer = await answered(ports.manager, span, new Map(), signal);
    if (withoutFulfillment === undefined)
      try {
        await answered(ports.manager, { ...span, figures: 'fulfillment' }, answer, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isFinal(error)) throw error;
        withoutFulfillment = messageOf(error);
      }
    const written = await writeDay(store, region, [...answer.values()], sinceMs, endMs, signal);
    await writeCursor(store, region, endMs, order.byAccount, signal);
    rows += answer.size;
    silentHours += written.silentHours;
    for (const row of answer.values()) interruptions += row.interruptions ?? 0;
    onStep?.(done + 1, days);
    sinceMs = endMs;
  }
  progress(
    `${region}: EC2 Capacity Manager up to ${new Date(untilMs).toISOString().slice(0, 16)}Z, ${rows} hours of pools, ${interruptions} interruptions`,
  );
  return { rows, interruptions, silentHours, withoutFulfillment };
}

function spanOf(
  { homeRegion, region, byAccount }: CapacityOrder,
  sinceMs: number,
  untilMs: number,
): Omit<CapacityQuery, 'figures'> {
  return { homeRegion, region, byAccount, sinceMs, untilMs, periodHours: 1 };
}

/** A question that is not allowed will not be so tomorrow; the other figures are had without it. */
function isFinal(error: unknown): boolean {
  return error instanceof SourceUnavailable && error.reason === 'denied';
}

/** Lays what is answered over what is there, by pool and hour. */
async function answered(
  manager: CapacityManager,
  query: CapacityQuery,
  over: Map<string, CapacityFigures>,
  signal: AbortSignal,
): Promise<Map<string, CapacityFigures>> {
  for await (const rows of manager.figures(query, signal))
    for (const row of rows) {
      if (row.atMs < query.sinceMs || row.atMs >= query.untilMs) continue;
      const key = capacityRowKey(row);
      over.set(key, { ...over.get(key), ...row });
    }
  return over;
}

/** The hours of [since, until) as they are told now; other hours of the day, and those that nothing is said of, as they were. */
async function writeDay(
  store: ObjectStore,
  region: string,
  fresh: readonly CapacityFigures[],
  sinceMs: number,
  untilMs: number,
  signal: AbortSignal,
): Promise<{ readonly silentHours: number }> {
  const day = new Date(sinceMs).toISOString().slice(0, 10);
  const before = await keptCapacityDay(store, region, day, signal);
  const freshHours = new Set(fresh.map(({ atMs }) => floored(atMs, hourMs)));
  const stays = before.filter(({ atMs }) => !freshHours.has(floored(atMs, hourMs)));
  const silent = stays.filter(({ atMs }) => atMs >= sinceMs && atMs < untilMs);
  const rows = [...stays, ...fresh];
  if (rows.length > 0)
    await store.put(capacityDayKey(region, day), Buffer.from(capacityDayText(rows)), signal);
  return { silentHours: new Set(silent.map(({ atMs }) => floored(atMs, hourMs))).size };
}

function floored(ms: number, unitMs: number): number {
  return Math.floor(ms / unitMs) * unitMs;
}

const cursorKey = (region: string): string => `state/capacity-${region}.json`;

/** Undefined where nothing was collected, or for other accounts. */
async function readCursor(
  store: ObjectStore,
  region: string,
  byAccount: boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  const reading = await store.read(cursorKey(region), undefined, signal);
  if (reading.kind !== 'changed') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(reading.bytes).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('collected_until' in value)) return undefined;
    const untilMs = Date.parse(String(value.collected_until));
    const isSame = 'by_account' in value && value.by_account === byAccount;
    return isSame && Number.isFinite(untilMs) ? untilMs : undefined;
  } catch {
    return undefined;
  }
}

async function writeCursor(
  store: ObjectStore,
  region: string,
  untilMs: number,
  byAccount: boolean,
  signal: AbortSignal,
): Promise<void> {
  const text = JSON.stringify({ collected_until: new Date(untilMs).toISOString(), by_account: byAccount });
  await store.put(cursorKey(region), Buffer.from(`${text}\n`), signal);
}
