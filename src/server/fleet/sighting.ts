import { capacityTypeOf, instanceTypeOf, regionOf, zoneOf } from '../../decision/node-labels.ts';
import { poolKey, type PoolKey } from '../../decision/pool.ts';
import { signalMark } from '../../drain/marks.ts';
import type { NodeView } from '../../drain/observed.ts';

/** A signal that a node of a pool carries. */
export interface PoolNotice {
  /** One per node and notice. */
  readonly id: string;
  readonly pool: PoolKey;
  readonly signal: 'REBALANCE' | 'TERMINATION';
  readonly atMs: number;
}

/** What one node tells of its Spot pool. */
export interface Sighting {
  readonly uid: string;
  readonly nodeName: string;
  readonly pool: PoolKey;
  readonly region: string;
  readonly notice: PoolNotice | undefined;
}

/**
 * Undefined for a node that tells nothing of a Spot pool: on-demand, or without type or zone. A node of unknown
 * capacity type counts once it carries a Spot notice, which only Spot instances get.
 */
export function sightingOf(node: NodeView): Sighting | undefined {
  const instanceType = instanceTypeOf(node.labels);
  const zone = zoneOf(node.labels);
  if (instanceType === undefined || zone === undefined) return undefined;
  const pool = poolKey({ instanceType, zone });
  const notice = noticeOn(node, pool);
  const capacityType = capacityTypeOf(node.labels);
  if (capacityType === 'on-demand' || (capacityType === 'unknown' && notice === undefined)) return undefined;
  return { uid: node.uid, nodeName: node.name, pool, region: regionOf(node.labels, zone), notice };
}

/** An Auto Scaling group's scale-in and scheduled maintenance say nothing about Spot capacity. */
function noticeOn(node: NodeView, pool: PoolKey): PoolNotice | undefined {
  const mark = signalMark(node.annotations);
  if (mark === undefined) return undefined;
  const { kind, seenAtMs, id } = mark.notice;
  if (kind !== 'spot-interruption' && kind !== 'rebalance') return undefined;
  const signal = kind === 'rebalance' ? 'REBALANCE' : 'TERMINATION';
  return { id: `${node.uid}/${id}`, pool, signal, atMs: seenAtMs };
}
