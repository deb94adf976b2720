import type { CapacityCooldown } from './knowledge.ts';
import type { CapacityType, Pool } from './pool.ts';
import { poolKey } from './pool.ts';

/** `type@zone/capacity type`: what runs dry together. */
export type CapacityClass = `${string}@${string}/${CapacityType}`;

/** What a rest is remembered by: a class, or one group of it where the class delivers elsewhere. */
export type RestKey = CapacityClass | `group:${string}`;

/** A capacity class that rests, or one group alone. */
export interface RestingClass extends CapacityCooldown {
  readonly of: 'class' | 'group';
  readonly capacityClass: CapacityClass;
  readonly pool: Pool;
  /** The group that did not deliver. */
  readonly nodeGroupId: string;
  /** What its nodes call that group; undefined where no label tells. */
  readonly groupName: string | undefined;
  readonly sinceMs: number;
}

/** The newest last. */
export type Rests = ReadonlyMap<RestKey, RestingClass>;

export const mostResting = 1024;

export function classOf(pool: Pool): CapacityClass {
  return `${poolKey(pool)}/${pool.capacityType}`;
}

export function restKeyOf({
  of,
  capacityClass,
  nodeGroupId,
}: Pick<RestingClass, 'of' | 'capacityClass' | 'nodeGroupId'>): RestKey {
  return of === 'class' ? capacityClass : `group:${nodeGroupId}`;
}

/** The rest of a pool's class; undefined when it does not rest. */
export function cooldownOf(
  { resting }: { readonly resting: Rests },
  pool: Pool,
  nowMs: number,
): CapacityCooldown | undefined {
  if (resting.size === 0) return undefined;
  const found = resting.get(classOf(pool));
  if (found !== undefined && found.untilMs > nowMs) return found;
  return suspected(resting, pool, nowMs);
}

/** The rest of a group whose class delivers elsewhere; undefined when it does not rest. */
export function groupCooldownOf(
  { resting }: { readonly resting: Rests },
  nodeGroupId: string,
  nowMs: number,
): CapacityCooldown | undefined {
  if (resting.size === 0) return undefined;
  const found = resting.get(`group:${nodeGroupId}`);
  return found !== undefined && found.untilMs > nowMs ? found : undefined;
}

/** A type that is short in two zones is taken to be so in the others, until the first of the two is back. */
function suspected(
  resting: Rests,
  { instanceType, capacityType }: Pool,
  nowMs: number,
): CapacityCooldown | undefined {
  if (resting.size < 2) return undefined;
  const short = shortTypesOf(resting).get(`${instanceType}/${capacityType}`) ?? [];
  const now = short.filter(({ untilMs }) => untilMs > nowMs);
  const zones = [...new Set(now.map(({ pool: { zone } }) => zone))];
  if (zones.length < 2) return undefined;
  return {
    untilMs: now.reduce((first, { untilMs }) => Math.min(first, untilMs), Infinity),
    evidence: `${instanceType} was short in ${zones.join(' and ')}`,
  };
}

/** By type and capacity type; made once for each state of the memory, since every pool of a request asks. */
const shortTypes = new WeakMap<Rests, ReadonlyMap<string, readonly RestingClass[]>>();

function shortTypesOf(resting: Rests): ReadonlyMap<string, readonly RestingClass[]> {
  const known = shortTypes.get(resting);
  if (known !== undefined) return known;
  const classes = [...resting.values()].filter(({ of }) => of === 'class');
  const made = Map.groupBy(classes, ({ pool }) => `${pool.instanceType}/${pool.capacityType}`);
  shortTypes.set(resting, made);
  return made;
}

/** The newest last; those that would exceed the bound end first. */
export function withRests(resting: Rests, begun: readonly RestingClass[]): Rests {
  if (begun.length === 0) return resting;
  const after = new Map(resting);
  for (const one of begun) {
    const key = restKeyOf(one);
    after.delete(key);
    after.set(key, one);
  }
  return new Map([...after].slice(-mostResting));
}

export function awakeAt(resting: Rests, atMs: number): Rests {
  const still = [...resting].filter(([, { untilMs }]) => untilMs > atMs);
  return still.length === resting.size ? resting : new Map(still);
}

export interface AfterDelivery {
  readonly resting: Rests;
  readonly begun: readonly RestingClass[];
  readonly ended: readonly RestingClass[];
}

/**
 * A node of the class has come. Of a group that is known not to be the one which failed, it clears the class and leaves the
 * failure with that group; else both rests end.
 */
export function afterDelivery(
  resting: Rests,
  appeared: CapacityClass,
  groupName: string | undefined,
): AfterDelivery {
  const kept: [RestKey, RestingClass][] = [];
  const begun: RestingClass[] = [];
  const ended: RestingClass[] = [];
  for (const [key, rest] of resting) {
    const isSibling = groupName !== undefined && rest.groupName !== undefined && rest.groupName !== groupName;
    if (rest.capacityClass !== appeared || (rest.of === 'group' && isSibling)) {
      kept.push([key, rest]);
      continue;
    }
    ended.push(rest);
    if (!isSibling) continue;
    begun.push({
      ...rest,
      of: 'group',
      evidence: `${rest.evidence}; ${groupName} has got this type in this zone since, so the group alone rests`,
    });
  }
  if (ended.length === 0) return { resting, begun, ended };
  return { resting: withRests(new Map(kept), begun), begun, ended };
}
