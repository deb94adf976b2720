import type { GroupFacts, GroupWishes, Knowledge } from './knowledge.ts';
import type { CapacityType, Pool } from './pool.ts';
import { capacityTypeOf, instanceTypeOf, regionOf, zoneOf } from './node-labels.ts';

/**
 * The widest group that AWS allows has 40 types; beyond this a description is a mistake, and the first pools stand
 * for it.
 */
const mostPools = 256;

/** The pools that a node of a group may land in, and how it is bought there. */
export interface GroupPools {
  readonly pools: readonly Pool[];
  readonly capacityType: CapacityType;
  readonly onDemandShare: number;
  /** By type: how many nodes as the autoscaler counts them one instance stands for; 1 where it says nothing. */
  readonly countsFor?: Readonly<Record<string, number>>;
  readonly wishes?: GroupWishes;
}

/**
 * Facts that were given outrank the labels of the group's node, fact by fact: the label names the first of the
 * group's zones and types only.
 * A group with an on-demand share below 1 buys the rest as Spot.
 */
export function groupPools(
  nodeGroupId: string,
  labels: Readonly<Record<string, string>>,
  groupFacts: Knowledge['groupFacts'],
): GroupPools {
  const facts = groupFacts(nodeGroupId, labels);
  const types = nonEmpty(facts?.instanceTypes) ?? present(instanceTypeOf(labels));
  const zones = nonEmpty(facts?.zones) ?? present(zoneOf(labels));
  const share = facts?.onDemandShare ?? 0;
  const ownCapacityType =
    facts === undefined || facts.capacityType === 'unknown' ? capacityTypeOf(labels) : facts.capacityType;
  const capacityType = share >= 1 ? 'on-demand' : share > 0 ? 'spot' : ownCapacityType;
  const countsFor = countsOf(facts?.weights, instanceTypeOf(labels));
  return {
    pools: poolsOver(types, zones, capacityType, (zone) => regionOf(labels, zone)),
    capacityType,
    onDemandShare: capacityType === 'on-demand' ? 1 : share,
    ...(countsFor !== undefined && { countsFor }),
    ...(facts?.wishes !== undefined && { wishes: facts.wishes }),
  };
}

/**
 * The autoscaler asks for units of capacity and takes each for a node like its template; an instance of twice the template's
 * weight serves for two of them.
 */
function countsOf(weights: GroupFacts['weights'], templateType: string | undefined): GroupPools['countsFor'] {
  if (weights === undefined) return undefined;
  const unit = (templateType === undefined ? undefined : weights[templateType]) ?? 1;
  return Object.fromEntries(Object.entries(weights).map(([type, weight]) => [type, weight / unit]));
}

function poolsOver(
  instanceTypes: readonly string[],
  zones: readonly string[],
  capacityType: CapacityType,
  regionOfPool: (zone: string) => string,
): readonly Pool[] {
  const pools: Pool[] = [];
  for (const zone of zones) {
    const region = regionOfPool(zone);
    for (const instanceType of instanceTypes) {
      if (pools.length === mostPools) return pools;
      pools.push({ instanceType, zone, region, capacityType });
    }
  }
  return pools;
}

function nonEmpty(values: readonly string[] | undefined): readonly string[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

function present(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : [value];
}
