import { capacityTypeOf, instanceTypeOf, regionOf, zoneOf } from '../../decision/node-labels.ts';
import { poolKey, type PoolKey } from '../../decision/pool.ts';
import { signalMark, type SignalMark } from '../../drain/marks.ts';
import type { NodeView } from '../../drain/observed.ts';

/** A signal that a node of a pool carries. */
export interface PoolNotice {
  /** One per node and notice: the node's uid comes first, and ends at the first slash. */
  readonly id: string;
  readonly pool: PoolKey;
  readonly signal: 'REBALANCE' | 'TERMINATION';
  /** By the clock of whoever wrote it. */
  readonly atMs: number;
}

/** What one node tells of its Spot pool. */
export interface Sighting {
  readonly uid: string;
  readonly nodeName: string;
  readonly pool: PoolKey;
  readonly region: string;
  readonly notice: PoolNotice | undefined;
  /** Why the node's mark is not believed, in a sentence; undefined when there is none or it is. */
  readonly doubt: string | undefined;
}

/** Types and zones are shorter, and Kubernetes lets no label value be longer. */
const plainName = /^[a-z0-9][a-z0-9.-]{0,62}$/;
const awsProviderId = /^aws:\/\/\/([^/]+)\/(i-[0-9a-f]+)$/;
/** Ours have fewer than 60 characters. */
const longestId = 128;

/**
 * Undefined for a node that tells nothing of a Spot pool: on-demand, without type or zone, or labelled with another zone than the
 * one in which its instance is. A node of unknown capacity type counts once it carries a Spot notice, which only Spot instances
 * get.
 */
export function sightingOf(node: NodeView): Sighting | undefined {
  const instanceType = instanceTypeOf(node.labels);
  const zone = zoneOf(node.labels);
  if (instanceType === undefined || zone === undefined) return undefined;
  if (!plainName.test(instanceType) || !plainName.test(zone) || !isIn(zone, node)) return undefined;
  const pool = poolKey({ instanceType, zone });
  const mark = spotMarkOn(node);
  const doubt = mark === undefined ? undefined : doubtAbout(mark, node);
  const notice = mark === undefined || doubt !== undefined ? undefined : noticeOf(mark, node, pool);
  const capacityType = capacityTypeOf(node.labels);
  if (capacityType === 'on-demand' || (capacityType === 'unknown' && mark === undefined)) return undefined;
  return { uid: node.uid, nodeName: node.name, pool, region: regionOf(node.labels, zone), notice, doubt };
}

function isIn(zone: string, { providerId }: NodeView): boolean {
  const providerZone = awsProviderId.exec(providerId)?.[1];
  return providerZone === undefined || providerZone === zone;
}

/** An Auto Scaling group's scale-in and scheduled maintenance say nothing about Spot capacity. */
function spotMarkOn({ annotations }: NodeView): SignalMark | undefined {
  const mark = signalMark(annotations);
  return mark?.notice.kind === 'spot-interruption' || mark?.notice.kind === 'rebalance' ? mark : undefined;
}

function doubtAbout({ instanceId, notice }: SignalMark, { providerId, name }: NodeView): string | undefined {
  if (notice.id.length > longestId)
    return `the mark on ${name} is not believed: its id has ${notice.id.length} characters`;
  const own = awsProviderId.exec(providerId)?.[2];
  if (own !== undefined && instanceId.startsWith('i-') && instanceId !== own)
    return `the mark on ${name} is not believed: it is of ${instanceId.slice(0, 32)}, the node is ${own}`;
  return undefined;
}

function noticeOf({ notice }: SignalMark, { uid }: NodeView, pool: PoolKey): PoolNotice {
  const signal = notice.kind === 'rebalance' ? 'REBALANCE' : 'TERMINATION';
  return { id: `${uid}/${notice.id}`, pool, signal, atMs: notice.seenAtMs };
}
