import type { PoolKey } from '../decision/pool.ts';

/** What the fleet has lived through, one line each. */
export type JournalEntry =
  | {
      readonly kind: 'notice';
      readonly pool: PoolKey;
      readonly signal: 'REBALANCE' | 'TERMINATION';
      /** Of the node and its notice: an entry is counted once however often it is written. */
      readonly id: string;
      readonly atMs: number;
    }
  /** Node-hours observed in a pool up to a time. */
  | { readonly kind: 'hours'; readonly pool: PoolKey; readonly hours: number; readonly atMs: number }
  /** A launch in the pool that brought no node. */
  | { readonly kind: 'shortage'; readonly pool: PoolKey; readonly atMs: number }
  /** Everything before, summed up. */
  | {
      readonly kind: 'total';
      readonly pool: PoolKey;
      readonly hours: number;
      readonly interruptions: number;
      readonly rebalances: number;
      /** These three are missing from journals of earlier versions. */
      readonly shortages?: number;
      readonly interruptedAtMs?: number;
      readonly emptyAtMs?: number;
      readonly atMs: number;
    }
  /** Of what is within a pool's total: that which was met from `sinceMs` to `untilMs`. */
  | {
      readonly kind: 'span';
      readonly pool: PoolKey;
      readonly sinceMs: number;
      readonly untilMs: number;
      readonly hours: number;
      readonly interruptions: number;
      readonly atMs: number;
    }
  /** A notice that is within the totals. */
  | { readonly kind: 'counted'; readonly id: string; readonly atMs: number };

/** Durable and bounded. */
export interface FleetJournal {
  /** Everything that was written and survived; a torn last line is left out. */
  read(): Promise<readonly JournalEntry[]>;
  /** On disk when it resolves. @throws when the disk refuses. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  /** True when it is time to replace what is written by its sum. */
  readonly isFull: () => boolean;
  /** Puts these entries in the place of all, or leaves all as it is. */
  replace(entries: readonly JournalEntry[]): Promise<void>;
}
