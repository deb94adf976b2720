import { z } from 'zod';
import { classOf, restKeyOf, type RestingClass, type RestKey } from '../decision/capacity-rests.ts';
import { messageOf } from '../errors/message-of.ts';

/**
 * What did not deliver, as processes tell it to each other and to themselves after a restart: JSON, `{"format":1,"entries":[…]}`.
 * Whoever writes reads first, changes by {@link mergedEntries} and writes only over what was read. Entries of kinds that a reader
 * does not know are carried on until they end.
 */

/** A rest on the wall clock of whoever saw it begin. `since` and the key together are its identity. */
export interface RestEntry {
  readonly kind: 'rest';
  readonly of: 'class' | 'group';
  readonly type: string;
  readonly zone: string;
  readonly region: string;
  readonly capacity: 'spot' | 'on-demand' | 'unknown';
  readonly group: string;
  readonly group_name?: string;
  readonly since: string;
  readonly until: string;
  readonly evidence: string;
  /** Who saw it. */
  readonly by: string;
}

/** Of a kind that another program writes. */
export interface ForeignEntry {
  readonly kind: string;
  readonly key: string;
  readonly since: string;
  readonly until: string;
  readonly [field: string]: unknown;
}

export type CapacityEntry = RestEntry | ForeignEntry;

export interface CapacityRecord {
  readonly entries: readonly CapacityEntry[];
  /** What was left out and why, one sentence each kind of doubt; empty when all was read. */
  readonly doubts: readonly string[];
}

/** Of one record; beyond it the text is refused unread. */
export const mostRecordBytes = 64 * 1024;
export const mostEntries = 256;
/** As far as the clocks of two machines are taken to be apart at most. */
export const clockSkewMs = 120_000;
/** No rest is meant to last longer. */
const longestMs = 24 * 3_600_000;
const longestEvidence = 240;
const mostForeignBytes = 512;

const time = z.string().max(40).refine(isTime, 'must be a time');
const name = z.string().min(1).max(253);
const times = { since: time, until: time };

const restEntry = z.object({
  kind: z.literal('rest'),
  of: z.enum(['class', 'group']),
  type: z
    .string()
    .max(64)
    .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/),
  zone: z
    .string()
    .max(64)
    .regex(/^[a-z0-9-]+$/),
  region: z
    .string()
    .max(64)
    .regex(/^[a-z0-9-]*$/),
  capacity: z.enum(['spot', 'on-demand', 'unknown']),
  group: name,
  group_name: name.exactOptional(),
  ...times,
  evidence: z.string().max(longestEvidence),
  by: z.string().max(253),
}) satisfies z.ZodType<RestEntry>;

const foreignEntry = z.looseObject({
  kind: z.string().min(1).max(32),
  key: name,
  ...times,
}) satisfies z.ZodType<ForeignEntry>;

const document = z.object({ format: z.literal(1), entries: z.array(z.unknown()) });

function isTime(text: string): boolean {
  return Number.isFinite(Date.parse(text));
}

/** Never throws: what cannot be believed is left out. Entries that are over are left out without a word. */
export function capacityRecord(text: string, nowMs: number): CapacityRecord {
  if (text.trim() === '') return { entries: [], doubts: [] };
  if (text.length > mostRecordBytes)
    return {
      entries: [],
      doubts: [`it holds ${text.length} characters; at most ${mostRecordBytes} are read`],
    };
  const read = parsed(text);
  if (typeof read === 'string') return { entries: [], doubts: [read] };
  const doubts = new Map<string, number>();
  const entries = new Map<string, CapacityEntry>();
  for (const raw of read) {
    const entry = entryOf(raw);
    const doubt = entry === undefined ? 'are no entries' : timeDoubt(entry, nowMs);
    if (entry !== undefined && Date.parse(entry.until) <= nowMs - clockSkewMs) continue;
    if (doubt !== undefined) doubts.set(doubt, (doubts.get(doubt) ?? 0) + 1);
    else if (entry !== undefined && entries.size < mostEntries) entries.set(entryKey(entry), entry);
  }
  return { entries: [...entries.values()], doubts: [...doubts].map(([why, count]) => `${count} ${why}`) };
}

function parsed(text: string): readonly unknown[] | string {
  try {
    const read = document.safeParse(JSON.parse(text));
    return read.success ? read.data.entries : 'it is no capacity record of format 1';
  } catch (error) {
    return `it is no JSON: ${messageOf(error)}`;
  }
}

function entryOf(raw: unknown): CapacityEntry | undefined {
  const rest = restEntry.safeParse(raw);
  if (rest.success) return rest.data;
  const foreign = foreignEntry.safeParse(raw);
  if (!foreign.success || foreign.data.kind === 'rest') return undefined;
  return JSON.stringify(foreign.data).length <= mostForeignBytes ? foreign.data : undefined;
}

/** A record is no reason to let anything rest for ever, whatever clock it was written by. */
function timeDoubt({ since, until }: CapacityEntry, nowMs: number): string | undefined {
  const [begin, end] = [Date.parse(since), Date.parse(until)];
  if (begin > nowMs + clockSkewMs) return 'begin in the future';
  return end <= begin || end - begin > longestMs ? 'last for longer than a day, or for no time' : undefined;
}

export function isRest(entry: CapacityEntry): entry is RestEntry {
  return entry.kind === 'rest';
}

/** What two entries of one thing have in common. */
export function entryKey(entry: CapacityEntry): string {
  return isRest(entry) ? restKey(entry) : `${entry.kind} ${entry.key}`;
}

export function restKey({ of, group, ...pool }: RestEntry): RestKey {
  return restKeyOf({ of, nodeGroupId: group, capacityClass: classOf(poolOf(pool)) });
}

function poolOf({ type, zone, region, capacity }: Omit<RestEntry, 'of' | 'group'>): RestingClass['pool'] {
  return { instanceType: type, zone, region, capacityType: capacity };
}

/** A rest as an entry; its times are on the wall clock. Undefined for names that no record takes. */
export function entryOfRest(rest: RestingClass, by: string): RestEntry | undefined {
  const entry = restEntry.safeParse({
    kind: 'rest',
    of: rest.of,
    type: rest.pool.instanceType,
    zone: rest.pool.zone,
    region: rest.pool.region,
    capacity: rest.pool.capacityType,
    group: rest.nodeGroupId,
    ...(rest.groupName !== undefined && { group_name: rest.groupName }),
    since: new Date(rest.sinceMs).toISOString(),
    until: new Date(rest.untilMs).toISOString(),
    evidence: rest.evidence.slice(0, longestEvidence),
    by: by.slice(0, 253),
  } satisfies RestEntry);
  return entry.success ? entry.data : undefined;
}

/** An entry as a rest; its times are on the wall clock. */
export function restOfEntry(entry: RestEntry): RestingClass {
  const pool = poolOf(entry);
  return {
    of: entry.of,
    pool,
    capacityClass: classOf(pool),
    nodeGroupId: entry.group,
    groupName: entry.group_name,
    sinceMs: Date.parse(entry.since),
    untilMs: Date.parse(entry.until),
    evidence: entry.evidence,
  };
}

export interface RecordChange {
  readonly begun: readonly CapacityEntry[];
  /** What has ended before its time, each as it was known; a newer entry of the same key stays. */
  readonly ended: readonly CapacityEntry[];
}

/** The one rule by which all writers change the record: of two entries of one key the one that ends later stays. */
export function mergedEntries(
  entries: readonly CapacityEntry[],
  { begun, ended }: RecordChange,
  nowMs: number,
): readonly CapacityEntry[] {
  const over = new Map(ended.map((entry) => [entryKey(entry), Date.parse(entry.since)]));
  const after = new Map<string, CapacityEntry>();
  const known = entries.filter((entry) => Date.parse(entry.since) > (over.get(entryKey(entry)) ?? -Infinity));
  for (const entry of [...known, ...begun]) {
    const key = entryKey(entry);
    const before = after.get(key);
    if (before === undefined || Date.parse(before.until) < Date.parse(entry.until)) after.set(key, entry);
  }
  return [...after.values()].filter(({ until }) => Date.parse(until) > nowMs);
}

/** As text within the bounds: what ends first is left out where there is more. */
export function capacityRecordText(entries: readonly CapacityEntry[]): string {
  const lasting = entries
    .toSorted((one, other) => Date.parse(other.until) - Date.parse(one.until))
    .slice(0, mostEntries);
  const lines: string[] = [];
  let length = 32;
  for (const entry of lasting) {
    const line = JSON.stringify(entry);
    length += new TextEncoder().encode(line).length + 2;
    if (length > mostRecordBytes) break;
    lines.push(line);
  }
  return `{"format":1,"entries":[${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`}]}\n`;
}
