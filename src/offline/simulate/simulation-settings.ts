import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { PodBatch } from './demand.ts';
import type { PoolPriceBook } from './price-book.ts';
import type { SimulatedGroup } from './simulated-group.ts';

/** A node group with what its nodes are, cost and suffer. */
export interface WorldGroup {
  readonly group: SimulatedGroup;
  readonly facts: InstanceTypeFacts;
  readonly book: PoolPriceBook;
  /** Interruptions of one node an hour. */
  readonly hazardPerHour: number;
}

/** The world that every expander meets alike. */
export interface World {
  readonly groups: readonly WorldGroup[];
  readonly batches: readonly PodBatch[];
  readonly toMs: number;
  readonly seed: number;
  /** Work since the last checkpoint that an evicted pod does again, at most. */
  readonly lostWorkMs: number;
  /**
   * Which nodes the autoscaler removes: empty ones only, as where pods must not be moved, or also those that are less than half
   * used when all of their pods fit elsewhere. A moved pod loses work as every evicted one does.
   */
  readonly scaleDown: 'empty' | 'underused';
  /** A price that reaches (1 + rise) × that of the launch within this time is a spike that was met. */
  readonly spike: { readonly withinMs: number; readonly rise: number };
}
