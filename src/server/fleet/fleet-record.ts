import type { PoolKey } from '../../decision/pool.ts';
import type { JournalEntry } from '../../ports/fleet-journal.ts';

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

const keptIds = 2_000;

/** Evidence loses half its weight in this time: markets change. */
const halfLifeMs = 60 * 86_400_000;

/** Launches that fail within this time of the last sign of emptiness tell of the same outage. */
const sameOutageMs = 3_600_000;

/** The fleet's own evidence per pool, folded from journal entries in any order and any number of times. */
export class FleetRecord {
  private readonly pools = new Map<PoolKey, PoolRecord>();
  private readonly counted = new Map<string, number>();
  private notices = 0;

  /** Grows with every notice that is counted; hours alone change too little to tell of. */
  get noticesCounted(): number {
    return this.notices;
  }

  /** @returns false for a notice that was counted before. */
  add(entry: JournalEntry): boolean {
    if (entry.kind === 'counted') {
      this.remember(entry.id, entry.atMs);
      return true;
    }
    if (entry.kind === 'notice') {
      if (this.counted.has(entry.id)) return false;
      this.remember(entry.id, entry.atMs);
      this.notices += 1;
    }
    const before = this.weighed(entry.pool, entry.atMs);
    this.pools.set(entry.pool, sum(before, entry));
    return true;
  }

  has(noticeId: string): boolean {
    return this.counted.has(noticeId);
  }

  /** Undefined for a pool in which the fleet has never been. */
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
      ...[...this.counted].map(([id, atMs]): JournalEntry => ({ kind: 'counted', id, atMs })),
    ];
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

const nothingMet = {
  hours: 0,
  interruptions: 0,
  rebalances: 0,
  shortages: 0,
  interruptedAtMs: -Infinity,
  emptyAtMs: -Infinity,
} as const;

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

function sum(record: PoolRecord, entry: Exclude<JournalEntry, { kind: 'counted' }>): PoolRecord {
  switch (entry.kind) {
    case 'hours':
      return { ...record, hours: record.hours + entry.hours };
    case 'notice':
      return entry.signal === 'TERMINATION'
        ? {
            ...record,
            interruptions: record.interruptions + 1,
            interruptedAtMs: Math.max(record.interruptedAtMs, entry.atMs),
            emptyAtMs: Math.max(record.emptyAtMs, entry.atMs),
          }
        : { ...record, rebalances: record.rebalances + 1 };
    case 'shortage':
      return {
        ...record,
        shortages: record.shortages + (entry.atMs - record.emptyAtMs < sameOutageMs ? 0 : 1),
        emptyAtMs: Math.max(record.emptyAtMs, entry.atMs),
      };
    case 'total':
      return {
        ...record,
        hours: record.hours + entry.hours,
        interruptions: record.interruptions + entry.interruptions,
        rebalances: record.rebalances + entry.rebalances,
        shortages: record.shortages + (entry.shortages ?? 0),
        interruptedAtMs: Math.max(record.interruptedAtMs, entry.interruptedAtMs ?? -Infinity),
        emptyAtMs: Math.max(record.emptyAtMs, entry.emptyAtMs ?? -Infinity),
      };
  }
}
