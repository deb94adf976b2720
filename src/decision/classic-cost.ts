import type { DecisionContext } from './decision-context.ts';
import type { Costed, Priced } from './cost.ts';
import { unusedShare } from './node-value.ts';

/**
 * The classic cost: TCO = price of the nodes + what of it they leave unused. By option, not by what it serves; no interruptions,
 * no room for later pods, no fleet.
 */
export function withClassicCost(context: DecisionContext<Priced>): DecisionContext<Costed> {
  return {
    candidates: context.candidates.map((candidate) => {
      const { price, nodeCount, nodeSize, demand } = candidate;
      const nodesPerHour = price.perHour * nodeCount;
      const wasteShare =
        nodeSize === undefined || demand === undefined
          ? 0
          : unusedShare(nodeSize, nodeCount, demand.resources);
      const wastePerHour = nodesPerHour * wasteShare;
      return {
        ...candidate,
        wasteShare,
        wastePerHour,
        shareAtOnce: 0,
        tco: nodesPerHour + wastePerHour,
        onDemandPerUnit: 0,
      };
    }),
    drops: context.drops,
  };
}
