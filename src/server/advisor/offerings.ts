import type { Knowledge } from '../../decision/knowledge.ts';
import { poolKey, type Pool } from '../../decision/pool.ts';
import { regionOfZone } from '../../decision/zone-region.ts';
import { InvalidRequest, type RequestMistake } from '../../errors/invalid-request.ts';
import { didYouMean } from '../../errors/nearest-names.ts';
import { namedRegion } from '../../formats/aws-regions.ts';

/** What there is to choose from: the Spot pools with any fact beside their type, and the types whose size is known. */
export interface Offerings {
  readonly pools: readonly Pool[];
  readonly instanceTypes: readonly string[];
}

export interface Places {
  readonly regionOf: (zone: string) => string;
  /** A zone that lies outside the region that the request names. */
  readonly mistake: (zone: string) => string | undefined;
}

/** Zones tell their region, by name or id; one that does not is taken to be where the request says, else in the server's own. */
export function places(asked: string | undefined, ownRegion: string): Places {
  return {
    regionOf: (zone) => regionOfZone(zone) ?? asked ?? ownRegion,
    mistake: (zone) => {
      const region = regionOfZone(zone);
      if (region === undefined || region === asked) return undefined;
      if (asked !== undefined) return `${zone} is in ${region}, not in ${asked}`;
      return unknownRegion(region, ownRegion);
    },
  };
}

/** What is wrong with the name of a region; the server's own is known, however new it is. */
export function unknownRegion(region: string, ownRegion: string): string | undefined {
  if (region === ownRegion) return undefined;
  const named = namedRegion(region);
  return 'mistake' in named ? named.mistake : undefined;
}

/** Looking for what a name may have meant takes time in proportion to all known types. */
const mostSuggestions = 5;

/** A type, and where in the request it stands. */
export interface AskedType {
  readonly instanceType: string;
  readonly path: string;
}

/** A mistake for each type whose size nobody knows; the first few with the names they may have meant. */
export function unknownTypes(
  asked: readonly AskedType[],
  knowledge: Knowledge,
  offerings: Offerings,
): readonly RequestMistake[] {
  const unknown = asked.filter(({ instanceType }) => knowledge.instanceType(instanceType) === undefined);
  return unknown.map(({ instanceType, path }, index) => {
    const hint = index < mostSuggestions ? didYouMean(instanceType, offerings.instanceTypes) : '';
    return { path, message: `${instanceType} is not an instance type known here${hint}` };
  });
}

export function zoneMistake(zone: string, path: string, { mistake }: Places): readonly RequestMistake[] {
  const message = mistake(zone);
  return message === undefined ? [] : [{ path, message }];
}

/** @throws InvalidRequest when there is any mistake. */
export function refuse(mistakes: readonly RequestMistake[]): void {
  if (mistakes.length > 0) throw new InvalidRequest(mistakes);
}

/**
 * Where an instance of this pool could go: pools of its region with the same number of vCPUs, no less memory and the same
 * architecture; of its own type only where its size is not known.
 */
export function poolsInsteadOf(pool: Pool, knowledge: Knowledge, offerings: Offerings): readonly Pool[] {
  const size = knowledge.instanceType(pool.instanceType);
  return offerings.pools.filter((other) => {
    if (other.region !== pool.region || poolKey(other) === poolKey(pool)) return false;
    if (other.instanceType === pool.instanceType) return true;
    const otherSize = size && knowledge.instanceType(other.instanceType);
    return (
      otherSize !== undefined &&
      otherSize.vcpu === size?.vcpu &&
      otherSize.memoryGib >= size.memoryGib &&
      otherSize.gpus === size.gpus &&
      otherSize.architecture === size.architecture
    );
  });
}

/** Each pool once, the first time it stands. */
export function distinctPools(pools: readonly Pool[]): readonly Pool[] {
  const byKey = new Map<string, Pool>();
  for (const pool of pools) {
    const key = `${poolKey(pool)}/${pool.capacityType}`;
    if (!byKey.has(key)) byKey.set(key, pool);
  }
  return [...byKey.values()];
}
