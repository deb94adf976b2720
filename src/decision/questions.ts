import type { GroupWishes } from './knowledge.ts';
import type { CapacityType, Pool } from './pool.ts';
import type { Resources } from './resources.ts';

/** A pool to rank. */
export interface PoolQuestion {
  readonly pool: Pool;
  /** What its nodes shall serve in sum; without it the pool counts as wholly used by work of its own size. */
  readonly demand?: Resources;
  /** At least 1; without it as few nodes as the demand needs. */
  readonly nodeCount?: number;
}

/** A node group described by hand. */
export interface GroupQuestion {
  readonly id: string;
  /** At least one; scored over all of them. */
  readonly pools: readonly Pool[];
  readonly capacityType: CapacityType;
  /** 0..1, the share of on-demand nodes in a mixed group. */
  readonly onDemandShare: number;
  readonly wishes?: GroupWishes;
  readonly demand?: Resources;
  readonly nodeCount?: number;
}

/** A running instance and what AWS told of it. */
export interface InstanceQuestion {
  readonly pool: Pool;
  readonly signal: 'NONE' | 'REBALANCE' | 'TERMINATION';
  /** When the signal was given, epoch milliseconds. */
  readonly signalAtMs?: number;
  /** Where it could go; without them the same type in the region's other zones. Larger types of its own pool join in. */
  readonly alternatives?: readonly Pool[];
}
