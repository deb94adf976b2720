import type { PoolKey } from '../../decision/pool.ts';
import type { JournalEntry } from '../../ports/fleet-journal.ts';
import { EvidenceSpans, type Stretch } from './evidence-spans.ts';
import type { PoolNotice } from './sighting.ts';

/** What the fleet has lived through in one pool, older evidence weighing less. */
export interface PoolRecord {
  readonly hours: number;
  readonly interruptions: number;
  readonly rebalances: number;
  /** Outages that only a launch found, since no node of ours was there to be interrupted. */
  readonly shortages: number;
  /** When a node was last interrupted; −Infinity: never. */
  readonly interruptedAtMs: number;
  /** When the pool was last known to be empty, from an interruption or from a launch that brought nothing. */
  readonly emptyAtMs: number;
  /** Up to when it is weighed. */
  readonly atMs: number;
}

/** What was met in the fleet's pools, from whichever records. */
export interface FleetEvidence {
  /** Grows with every notice that is counted; hours alone change too little to tell of. */
  readonly noticesCounted: number;
  /** Undefined for a pool in which nothing was ever met. */
  of(pool: PoolKey, nowMs: number): PoolRecord | undefined;
  poolKeys(): readonly PoolKey[];
}

/** Nodes whose notices are remembered as counted: more than are lost between two sums of the journal. */
const keptIds = 4_000;

/** A sum says of so many hours and weeks when they were, the newest first: three hundred pools' worth. */
const writtenSpans = 30_000;

/** More than a fleet has in its one region; the longest untold goes first. */
const keptPools = 2_000;

/** Evidence loses half its weight in this time: markets change. */
export const halfLifeMs = 60 * 86_400_000;

/** Launches that fail within this time of the last sign of emptiness tell of the same outage. */
const sameOutageMs = 3_600_000;

/** The fleet's own evidence per pool, folded from journal entries in any order and any number of times. */
export class FleetRecord implements FleetEvidence {
  private readonly pools = new Map<PoolKey, PoolRecord>();
  private readonly spans = new Map<PoolKey, EvidenceSpans>();
  private readonly counted = new Map<string, number>();
  private notices = 0;

  get noticesCounted(): number {
    return this.notices;
  }

  /**
   * A node is interrupted once in its life, and recommended for rebalancing once: however many notices it gives, and under however
   * many ids, the first of each kind counts.
   * @returns false for a notice that does not count any more
   */
  add(entry: JournalEntry): boolean {
    if (entry.kind === 'counted') {
      this.remember(entry.id, entry.atMs);
      return true;
    }
    if (entry.kind === 'span') {
      this.spansOf(entry.pool).put(entry);
      return true;
    }
    if (entry.kind === 'notice') {
      if (this.countedAtMs(entry) !== undefined) return false;
      this.remember(onceIn(entry), entry.atMs);
      this.notices += 1;
    }
    const before = this.weighed(entry.pool, entry.atMs);
    const age = Math.max(0, before.atMs - entry.atMs);
    this.pools.delete(entry.pool);
    this.pools.set(entry.pool, sum(before, entry, 0.5 ** (age / halfLifeMs)));
    this.place(entry);
    this.forgetBeyondBound();
    return true;
  }

  /** When a notice of this kind was counted for its node; undefined: none was. */
  countedAtMs(notice: Pick<PoolNotice, 'id' | 'signal'>): number | undefined {
    // Journals of earlier versions have the ids of single notices.
    return this.counted.get(onceIn(notice)) ?? this.counted.get(notice.id);
  }

  /**
   * What was met outside of a stretch of time that somebody else tells of, and the part of that stretch that is left to them: hours
   * that cannot be told apart stay on one side. What is older than can be placed is taken to be within.
   */
  outside(
    pool: PoolKey,
    stretch: Stretch,
    nowMs: number,
  ): { readonly record: PoolRecord; readonly within: Stretch } | undefined {
    const record = this.of(pool, nowMs);
    if (record === undefined) return undefined;
    const { hours, interruptions, within } = this.spansOf(pool).outside(stretch, nowMs);
    return { record: { ...record, hours, interruptions }, within };
  }

  of(pool: PoolKey, nowMs: number): PoolRecord | undefined {
    return this.pools.has(pool) ? this.weighed(pool, nowMs) : undefined;
  }

  poolKeys(): readonly PoolKey[] {
    return [...this.pools.keys()];
  }

  /** The whole record as entries: what a journal is replaced by when it is full. */
  entries(): readonly JournalEntry[] {
    return [
      ...[...this.pools].map(([pool, record]) => totalOf(pool, record)),
      ...this.writtenSpans(),
      ...[...this.counted].map(([id, atMs]): JournalEntry => ({ kind: 'counted', id, atMs })),
    ];
  }

  private writtenSpans(): readonly JournalEntry[] {
    const spans = [...this.spans].flatMap(([pool, { all }]) =>
      all.map((span) => ({ kind: 'span' as const, pool, ...span })),
    );
    if (spans.length <= writtenSpans) return spans;
    const newest = spans.toSorted((one, other) => other.untilMs - one.untilMs).slice(0, writtenSpans);
    return newest.toReversed();
  }

  private forgetBeyondBound(): void {
    const oldest = this.pools.size > keptPools ? this.pools.keys().next().value : undefined;
    if (oldest === undefined) return;
    this.pools.delete(oldest);
    this.spans.delete(oldest);
  }

  private spansOf(pool: PoolKey): EvidenceSpans {
    const known = this.spans.get(pool) ?? new EvidenceSpans(halfLifeMs);
    this.spans.set(pool, known);
    return known;
  }

  /** A sum of an earlier time says nothing of when. */
  private place(entry: JournalEntry): void {
    if (entry.kind === 'hours') this.spansOf(entry.pool).add(entry.atMs, entry.hours, 0);
    if (entry.kind === 'notice' && entry.signal === 'TERMINATION')
      this.spansOf(entry.pool).add(entry.atMs, 0, 1);
  }

  private remember(id: string, atMs: number): void {
    this.counted.set(id, atMs);
    const oldest = this.counted.size > keptIds ? this.counted.keys().next().value : undefined;
    if (oldest !== undefined) this.counted.delete(oldest);
  }

  private weighed(pool: PoolKey, atMs: number): PoolRecord {
    const record = this.pools.get(pool);
    if (record === undefined) return { ...nothingMet, atMs };
    const weight = 0.5 ** (Math.max(0, atMs - record.atMs) / halfLifeMs);
    return {
      ...record,
      hours: record.hours * weight,
      interruptions: record.interruptions * weight,
      rebalances: record.rebalances * weight,
      shortages: record.shortages * weight,
      atMs: Math.max(atMs, record.atMs),
    };
  }
}

/** A pool's record before anything was met in it. */
export const nothingMet = {
  hours: 0,
  interruptions: 0,
  rebalances: 0,
  shortages: 0,
  interruptedAtMs: -Infinity,
  emptyAtMs: -Infinity,
} as const;

/** What a node can do once in its life: the uid, which ends at the first slash, and the kind. */
function onceIn({ id, signal }: Pick<PoolNotice, 'id' | 'signal'>): string {
  const slash = id.indexOf('/');
  return `${slash === -1 ? id : id.slice(0, slash)}/${signal}`;
}

/** What never happened is left out: JSON knows no infinity. */
function totalOf(pool: PoolKey, { interruptedAtMs, emptyAtMs, ...sums }: PoolRecord): JournalEntry {
  return {
    kind: 'total',
    pool,
    ...sums,
    ...(Number.isFinite(interruptedAtMs) && { interruptedAtMs }),
    ...(Number.isFinite(emptyAtMs) && { emptyAtMs }),
  };
}

/** @param weight 0..1, what the entry is still worth: it may be older than what the record was last told */
function sum(
  record: PoolRecord,
  entry: Exclude<JournalEntry, { kind: 'counted' | 'span' }>,
  weight: number,
): PoolRecord {
  switch (entry.kind) {
    case 'hours':
      return { ...record, hours: record.hours + entry.hours * weight };
    case 'notice':
      return entry.signal === 'TERMINATION'
        ? {
            ...record,
            interruptions: record.interruptions + weight,
            interruptedAtMs: Math.max(record.interruptedAtMs, entry.atMs),
            emptyAtMs: Math.max(record.emptyAtMs, entry.atMs),
          }
        : { ...record, rebalances: record.rebalances + weight };
    case 'shortage':
      return {
        ...record,
        shortages: record.shortages + (entry.atMs - record.emptyAtMs < sameOutageMs ? 0 : weight),
        emptyAtMs: Math.max(record.emptyAtMs, entry.atMs),
      };
    case 'total':
      return {
        ...record,
        hours: record.hours + entry.hours * weight,
        interruptions: record.interruptions + entry.interruptions * weight,
        rebalances: record.rebalances + entry.rebalances * weight,
        shortages: record.shortages + (entry.shortages ?? 0) * weight,
        interruptedAtMs: Math.max(record.interruptedAtMs, entry.interruptedAtMs ?? -Infinity),
        emptyAtMs: Math.max(record.emptyAtMs, entry.emptyAtMs ?? -Infinity),
      };
  }
}
