/** How a node is bought. `unknown` is a class of its own: neither Spot discounts nor on-demand safety are assumed for it. */
export type CapacityType = 'spot' | 'on-demand' | 'unknown';

/**
 * A capacity pool: one instance type in one zone under one capacity type.
 * `zone` is a zone name (`ap-south-1a`) or a zone id (`aps1-az1`) as the source gave it.
 */
export interface Pool {
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
  readonly capacityType: CapacityType;
}

/**
 * `type@zone`, the key under which knowledge of a pool is kept (capacity type is not part of it: only Spot pools have
 * risk).
 */
export type PoolKey = `${string}@${string}`;

export function poolKey(pool: Pick<Pool, 'instanceType' | 'zone'>): PoolKey {
  return `${pool.instanceType}@${pool.zone}`;
}

/** `c5.24xlarge` → `c5`. */
export function familyOf(instanceType: string): string {
  const dot = instanceType.indexOf('.');
  return dot < 0 ? instanceType : instanceType.slice(0, dot);
}
