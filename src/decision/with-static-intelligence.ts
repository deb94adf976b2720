import type { Candidate, DecisionContext, Known, Objection } from './decision-context.ts';
import { without } from './decision-context.ts';
import type { Knowledge } from './knowledge.ts';
import { nodePriceOf } from './node-price.ts';
import type { Policy } from './policy.ts';
import { expectedAndWorst, known } from './several-pools.ts';
import { amountText, percentText, priceText } from './sentences.ts';

/**
 * Looks up types, bands and prices, drops what cannot do the work, and objects to what is reclaimed too often and to what costs
 * more than on-demand. The classic formula drops at once what others only object to.
 */
export function withStaticIntelligence(
  context: DecisionContext<Candidate>,
  knowledge: Knowledge,
  policy: Policy,
  filter: 'filter' | 'keep-all',
): DecisionContext<Known> {
  const filtersBands = filter === 'filter' && policy.switches.advisorFilter;
  const looked: DecisionContext<Known> = {
    candidates: context.candidates.map((candidate) => {
      const found = knownOf(candidate, knowledge, policy);
      const objection =
        (filtersBands ? interruptedTooOften(found, knowledge, policy) : undefined) ??
        dearerThanOnDemand(found);
      return objection === undefined ? found : { ...found, objection: { ...objection, layer: 'static' } };
    }),
    drops: context.drops,
  };
  const isStrict = policy.formula === 'classic';
  return without(looked, 'static', (one) => tooSmall(one) ?? (isStrict ? one.objection : undefined));
}

function knownOf(candidate: Candidate, knowledge: Knowledge, policy: Policy): Known {
  const [pool] = candidate.pools;
  return {
    ...candidate,
    typeFacts: pool === undefined ? undefined : knowledge.instanceType(pool.instanceType),
    price: nodePriceOf(candidate, knowledge, policy),
    historicInterruptRate: interruptRateOf(candidate, knowledge, policy),
    objection: undefined,
  };
}

/** Of the Spot part; undefined for on-demand and where no band is known. */
function interruptRateOf(candidate: Candidate, knowledge: Knowledge, policy: Policy): number | undefined {
  if (candidate.capacityType === 'on-demand') return undefined;
  const rate = expectedAndWorst(
    known(candidate.pools, (pool) => knowledge.advisorBand(pool)?.interruptRate),
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

/** By the worst of its pools: AWS may launch every node of a mixed group there. */
function interruptedTooOften(
  { capacityType, pools }: Known,
  knowledge: Knowledge,
  { maxHistoricInterruptRate }: Policy,
): Objection | undefined {
  if (capacityType !== 'spot') return undefined;
  let worst = -Infinity;
  let type = '';
  for (const pool of pools) {
    const rate = knowledge.advisorBand(pool)?.interruptRate;
    if (rate === undefined || rate <= worst) continue;
    worst = rate;
    type = pool.instanceType;
  }
  if (worst <= maxHistoricInterruptRate) return undefined;
  const where = pools.length === 1 ? 'this Spot capacity' : `the Spot capacity of ${type}`;
  return {
    reason: 'interrupt-rate',
    sentence: `${percentText(worst)} of ${where} was reclaimed in the trailing month, at most ${percentText(maxHistoricInterruptRate)} is allowed`,
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
