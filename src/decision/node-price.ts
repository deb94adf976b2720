import type { Candidate, NodePrice } from './cart.ts';
import type { Knowledge } from './knowledge.ts';
import type { Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import { mean } from './several-pools.ts';

interface PoolPrice {
  readonly spot: number | undefined;
  readonly onDemand: number | undefined;
}

/**
 * What one node of a candidate costs, USD per hour: the mean over its pools, since allocation strategies buy the cheap ones first.
 * Spot nodes at the Spot price, on-demand and unknown ones at the on-demand price, a mixed group by its share.
 * Where only one of the two prices is known the other follows by `assumedSpotShare`, and the source says `assumed`.
 * Undefined when no pool has any price.
 */
export function nodePriceOf(
  candidate: Candidate,
  knowledge: Knowledge,
  policy: Policy,
): NodePrice | undefined {
  const known = candidate.pools.flatMap((pool) => poolPrice(pool, knowledge) ?? []);
  const onDemand = mean(known.map((price) => onDemandOf(price, policy)));
  const spot = mean(known.map((price) => spotOf(price, policy)));
  if (onDemand === undefined || spot === undefined) return undefined;
  const share = candidate.capacityType === 'spot' ? candidate.onDemandShare : 1;
  const linux = share === 0 ? spot : share === 1 ? onDemand : (1 - share) * spot + share * onDemand;
  const surcharge = candidate.operatingSystem === 'windows' ? policy.windowsSurcharge * onDemand : 0;
  const spotIsKnown = known.every((price) => price.spot !== undefined);
  const onDemandIsKnown = known.every((price) => price.onDemand !== undefined);
  const isAssumed = (share < 1 && !spotIsKnown) || (share > 0 && !onDemandIsKnown) || surcharge > 0;
  return {
    perHour: linux + surcharge,
    source: isAssumed ? 'assumed' : share === 0 ? 'spot' : share === 1 ? 'on-demand' : 'mixed',
    ...(onDemandIsKnown && { onDemandPerHour: onDemand + surcharge }),
    ...(spotIsKnown && { spotPerHour: spot + surcharge }),
  };
}

function poolPrice(pool: Pool, knowledge: Knowledge): PoolPrice | undefined {
  const prices = knowledge.prices(pool);
  const spot = knowledge.pricesAreStale ? undefined : prices?.spotPerHour;
  const onDemand = prices?.onDemandPerHour;
  return spot === undefined && onDemand === undefined ? undefined : { spot, onDemand };
}

function onDemandOf({ spot, onDemand }: PoolPrice, { assumedSpotShare }: Policy): number {
  return onDemand ?? (spot ?? 0) / assumedSpotShare;
}

function spotOf({ spot, onDemand }: PoolPrice, { assumedSpotShare }: Policy): number {
  return spot ?? (onDemand ?? 0) * assumedSpotShare;
}
