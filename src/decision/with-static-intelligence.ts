import type { Candidate, Cart, Known, Objection } from './decision-context.ts';
import { without } from './decision-context.ts';
import type { Knowledge } from './knowledge.ts';
import { nodePriceOf } from './node-price.ts';
import type { Policy } from './policy.ts';
import { expectedAndWorst } from './several-pools.ts';
import { amountText, percentText, priceText } from './sentences.ts';

/**
 * Looks up types, bands and prices, and drops what cannot do the work, what is reclaimed too often and what costs
 * more than on-demand.
 */
export function withStaticIntelligence(
  cart: Cart<Candidate>,
  knowledge: Knowledge,
  policy: Policy,
  filter: 'filter' | 'keep-all',
): Cart<Known> {
  const known: Cart<Known> = {
    candidates: cart.candidates.map((candidate) => knownOf(candidate, knowledge, policy)),
    drops: cart.drops,
  };
  return without(
    known,
    'static',
    (candidate) =>
      tooSmall(candidate) ??
      (filter === 'filter' && policy.switches.advisorFilter
        ? interruptedTooOften(candidate, policy)
        : undefined) ??
      dearerThanOnDemand(candidate),
  );
}

function knownOf(candidate: Candidate, knowledge: Knowledge, policy: Policy): Known {
  const [pool] = candidate.pools;
  return {
    ...candidate,
    typeFacts: pool === undefined ? undefined : knowledge.instanceType(pool.instanceType),
    price: nodePriceOf(candidate, knowledge, policy),
    historicInterruptRate: interruptRateOf(candidate, knowledge, policy),
  };
}

/** Of the Spot part; undefined for on-demand and where no band is known. */
function interruptRateOf(candidate: Candidate, knowledge: Knowledge, policy: Policy): number | undefined {
  if (candidate.capacityType === 'on-demand') return undefined;
  const rate = expectedAndWorst(
    candidate.pools.flatMap((pool) => knowledge.advisorBand(pool)?.interruptRate ?? []),
    policy.worstPoolWeight,
  );
  return rate === undefined ? undefined : rate * (1 - candidate.onDemandShare);
}

/** Only a demand given by hand can be too large: the autoscaler has simulated that its pods fit. */
function tooSmall({ pods, nodeSize, nodeCount, demand, id }: Known): Objection | undefined {
  if (pods.length > 0 || nodeSize === undefined || demand === undefined) return undefined;
  const asked = demand.resources;
  if (
    asked.cpuMilli <= nodeSize.cpuMilli * nodeCount &&
    asked.memoryBytes <= nodeSize.memoryBytes * nodeCount &&
    asked.gpus <= nodeSize.gpus * nodeCount
  )
    return undefined;
  return {
    reason: 'too-small',
    sentence: `${nodeCount} × ${id} offers ${amountText(nodeSize, nodeCount)}, asked for is ${amountText(asked, 1)}`,
  };
}

function interruptedTooOften(
  { capacityType, historicInterruptRate }: Known,
  { maxHistoricInterruptRate }: Policy,
): Objection | undefined {
  if (capacityType !== 'spot' || historicInterruptRate === undefined) return undefined;
  if (historicInterruptRate <= maxHistoricInterruptRate) return undefined;
  return {
    reason: 'interrupt-rate',
    sentence: `${percentText(historicInterruptRate)} of this Spot capacity was reclaimed in the trailing month, at most ${percentText(maxHistoricInterruptRate)} is allowed`,
  };
}

function dearerThanOnDemand({ capacityType, price }: Known): Objection | undefined {
  if (capacityType !== 'spot' || price?.spotPerHour === undefined || price.onDemandPerHour === undefined)
    return undefined;
  if (price.spotPerHour <= price.onDemandPerHour) return undefined;
  return {
    reason: 'above-on-demand',
    sentence: `spot price ${priceText(price.spotPerHour)} is above on-demand ${priceText(price.onDemandPerHour)}`,
  };
}
