import type { Candidate, NodePrice } from './decision-context.ts';
import type { Knowledge } from './knowledge.ts';
import type { Policy } from './policy.ts';

/**
 * What one node of a candidate costs, USD per hour: the mean over its pools, since allocation strategies buy the
 * cheap ones first. In a group with weights an instance stands for as many nodes as it counts for.
 * Spot nodes at the Spot price, on-demand and unknown ones at the on-demand price, a mixed group by its share.
 * Where only one of the two prices is known the other follows by `assumedSpotShare`, and the source says `assumed`.
 * Undefined when no pool has any price.
 */
export function nodePriceOf(
  candidate: Candidate,
  knowledge: Knowledge,
  policy: Policy,
): NodePrice | undefined {
  let priced = 0;
  let spotSum = 0;
  let onDemandSum = 0;
  let spotIsKnown = true;
  let onDemandIsKnown = true;
  for (const pool of candidate.pools) {
    const prices = knowledge.prices(pool);
    const spot = knowledge.pricesAreStale ? undefined : prices?.spotPerHour;
    const onDemand = prices?.onDemandPerHour;
    if (spot === undefined && onDemand === undefined) continue;
    priced += 1;
    const nodes = candidate.countsFor?.[pool.instanceType] ?? 1;
    spotSum += (spot ?? (onDemand ?? 0) * policy.assumedSpotShare) / nodes;
    onDemandSum += (onDemand ?? (spot ?? 0) / policy.assumedSpotShare) / nodes;
    spotIsKnown &&= spot !== undefined;
    onDemandIsKnown &&= onDemand !== undefined;
  }
  if (priced === 0) return undefined;
  const spot = spotSum / priced;
  const onDemand = onDemandSum / priced;
  const share = candidate.capacityType === 'spot' ? candidate.onDemandShare : 1;
  const linux = share === 0 ? spot : share === 1 ? onDemand : (1 - share) * spot + share * onDemand;
  const surcharge = candidate.operatingSystem === 'windows' ? policy.windowsSurcharge * onDemand : 0;
  const isAssumed = (share < 1 && !spotIsKnown) || (share > 0 && !onDemandIsKnown) || surcharge > 0;
  return {
    perHour: (linux + surcharge) * priceFactorOf(candidate),
    source: isAssumed ? 'assumed' : share === 0 ? 'spot' : share === 1 ? 'on-demand' : 'mixed',
    ...(onDemandIsKnown && { onDemandPerHour: onDemand + surcharge }),
    ...(spotIsKnown && { spotPerHour: spot + surcharge }),
  };
}

/** What the operator says that a node really costs, as a share of what is known. */
function priceFactorOf({ wishes }: Candidate): number {
  const factor = wishes?.priceFactor;
  return factor !== undefined && factor >= 0 && Number.isFinite(factor) ? factor : 1;
}
