import type { InstanceTypeFacts, Knowledge } from './knowledge.ts';
import type { Pool } from './pool.ts';
import { familyOf } from './pool.ts';

/** Size names that AWS sells, small to large. A bare-metal type is never a substitute: it starts in many minutes. */
const sizes = [
  'small',
  'medium',
  'large',
  'xlarge',
  ...[2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 48].map((times) => `${times}xlarge`),
];

/**
 * The larger types of the pool's family that have a price in its zone, with at most `maxSizeFactor` times its vCPUs.
 * Same family, so same processor architecture and same ratio of memory: what ran there runs here.
 */
export function largerTypes(
  pool: Pool,
  knowledge: Knowledge,
  maxSizeFactor: number,
): readonly InstanceTypeFacts[] {
  const own = knowledge.instanceType(pool.instanceType);
  if (own === undefined) return [];
  const family = familyOf(pool.instanceType);
  return sizes.flatMap((size) => {
    const facts = knowledge.instanceType(`${family}.${size}`);
    if (facts === undefined || facts.vcpu <= own.vcpu || facts.vcpu > own.vcpu * maxSizeFactor) return [];
    if (facts.memoryGib < own.memoryGib || facts.gpus < own.gpus) return [];
    const prices = knowledge.prices({ ...pool, instanceType: facts.instanceType });
    const price = pool.capacityType === 'spot' ? prices?.spotPerHour : prices?.onDemandPerHour;
    return price === undefined ? [] : facts;
  });
}
