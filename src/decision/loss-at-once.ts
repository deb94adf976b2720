import type { Candidate } from './decision-context.ts';
import type { FleetView } from './knowledge.ts';
import type { LossAtOnce, Policy } from './policy.ts';
import { mean } from './several-pools.ts';

/** How much of what other pools of the type, or of the zone, hold counts as if it were lost together with the pool. */
export const ofTypeShare = 0.05;
export const ofZoneShare = 0.02;

/**
 * 0..1: the share of the fleet's vCPUs, these nodes included, that could be lost at once with a node of the candidate: its
 * Spot pool's, and a little of its type's and its zone's. 0 for on-demand, and where no fleet is in view.
 */
export function shareAtOnce(candidate: Candidate, fleet: FleetView | undefined): number {
  const { pools, capacityType, onDemandShare, nodeCount, nodeSize } = candidate;
  if (fleet === undefined || capacityType === 'on-demand' || pools.length === 0 || nodeSize === undefined)
    return 0;
  const added = (nodeSize.cpuMilli / 1000) * nodeCount;
  const spot = (added * (1 - onDemandShare)) / pools.length;
  const all = fleet.all.vcpus + added;
  if (!(all > 0)) return 0;
  const shares = pools.map((pool) => {
    const own = fleet.pool(pool).vcpus + spot;
    const type = Math.max(own, fleet.type(pool).vcpus + spot);
    const zone = Math.max(own, fleet.zone(pool).vcpus + spot);
    return (own + ofTypeShare * (type - own) + ofZoneShare * (zone - own)) / all;
  });
  return Math.min(1, mean(shares) ?? 0);
}

/** How much dearer a candidate counts that leaves this share of the fleet to be lost at once. */
export function dearerForLossAtOnce(share: number, { lossAtOnce }: Pick<Policy, 'lossAtOnce'>): number {
  const points = pointsOf(lossAtOnce);
  const upper = points.find(([at]) => share <= at) ?? points.at(-1) ?? origin;
  const lower = points[points.indexOf(upper) - 1] ?? origin;
  const slope = (upper[1] - lower[1]) / (upper[0] - lower[0]);
  return Math.max(0, lower[1] + slope * (share - lower[0]));
}

const origin = [0, 0] as const;

function pointsOf({
  ofTenPercent,
  ofThirtyPercent,
  ofHalf,
}: LossAtOnce): readonly (readonly [number, number])[] {
  return [
    [0.1, ofTenPercent],
    [0.3, ofThirtyPercent],
    [0.5, ofHalf],
  ];
}
