import type { Candidate } from './decision-context.ts';
import type { FleetView } from './knowledge.ts';

const behindAllRanks = 1e9;
const withoutRank = 1e6;

/**
 * Where the operator's wishes put a candidate, the lowest first: its rank, before the others of it while its group is below its
 * least share of the fleet's nodes, and behind everything where these nodes would make it more than its largest.
 */
export function wishOrder({ id, wishes, nodeCount }: Candidate, fleet: FleetView | undefined): number {
  if (wishes === undefined) return withoutRank;
  const { rank = withoutRank, minShare = 0, maxShare = 1 } = wishes;
  if (fleet === undefined) return rank;
  const own = fleet.group(id).nodes;
  const all = fleet.all.nodes;
  if (maxShare < 1 && all > 0 && own + nodeCount > maxShare * (all + nodeCount)) return behindAllRanks;
  return own < minShare * all ? rank - 0.5 : rank;
}
