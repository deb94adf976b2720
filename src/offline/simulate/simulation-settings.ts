import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { PodBatch } from './demand.ts';
import type { DrySpells } from './dry-pools.ts';
import type { PoolPriceBook } from './price-book.ts';
import type { SimulatedGroup } from './simulated-group.ts';

/** A node group with what its nodes are, cost and suffer. */
export interface SimulationGroup {
  readonly group: SimulatedGroup;
  readonly facts: InstanceTypeFacts;
  readonly book: PoolPriceBook;
  /** Interruptions of one node an hour. */
  readonly hazardPerHour: number;
}

/**
 * How a pool takes its nodes back: `together` of its hazard in events that take each node of it with a probability drawn evenly
 * from `least` to `most`, the rest one by one. A node's hazard is the same whatever `together` is.
 */
export interface Bursts {
  /** 0..1. */
  readonly together: number;
  readonly least: number;
  readonly most: number;
}

/** The world that every expander meets alike. */
export interface SimulationSettings {
  readonly groups: readonly SimulationGroup[];
  readonly batches: readonly PodBatch[];
  readonly toMs: number;
  readonly seed: number;
  readonly bursts: Bursts;
  /** Undefined: every pool that has a price gives what is asked for. */
  readonly dry?: DrySpells;
  /**
   * `expected`: what interruptions take is weighed at each moment by its chance and no node goes; `drawn`: nodes go, at moments
   * that are the same for whoever has them.
   */
  readonly interruptions: 'expected' | 'drawn';
  /** USD for a disturbed pod, and how many times that more when all pods of the fleet go at once. */
  readonly disturbance: { readonly perPod: number; readonly atOnce: number };
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
