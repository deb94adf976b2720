import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { SimulatedGroup } from './simulated-group.ts';

/** What groups of a file are held against. */
interface Known {
  readonly series: readonly PriceSeries[];
  readonly instanceType: (instanceType: string) => InstanceTypeFacts | undefined;
  readonly onDemandPerHour: (instanceType: string, region: string) => number | undefined;
}

/** The groups whose nodes have prices in this region's history: a Spot group its pool's, an on-demand one its zone's. */
export function groupsOfRegion(
  given: readonly SimulatedGroup[],
  series: readonly PriceSeries[],
): readonly SimulatedGroup[] {
  const pools = new Set(series.map(({ instanceType, zone }) => `${instanceType}@${zone}`));
  const zones = new Set(series.map(({ zone }) => zone));
  return given.filter(({ capacityType, instanceType, zone }) =>
    capacityType === 'spot' ? pools.has(`${instanceType}@${zone}`) : zones.has(zone),
  );
}

/** A sentence for each group that nothing tells the nodes or the price of. */
export function groupMistakes(given: readonly SimulatedGroup[], known: Known): readonly string[] {
  const regions = new Map(known.series.map(({ zone, region }) => [zone, region]));
  return given.flatMap(({ id, capacityType, instanceType, zone }) => {
    if (known.instanceType(instanceType) === undefined)
      return `${id}: ${instanceType} is no instance type of --static or --instance-types`;
    const region = regions.get(zone);
    return capacityType === 'spot' ||
      region === undefined ||
      known.onDemandPerHour(instanceType, region) !== undefined
      ? []
      : `${id}: no on-demand price of ${instanceType} in ${region} is known: name a file of them as --on-demand`;
  });
}

/** A sentence for each group that is left out because the history has no prices of it. */
export function leftOut(given: readonly SimulatedGroup[], series: readonly PriceSeries[]): readonly string[] {
  const kept = new Set(groupsOfRegion(given, series));
  const zones = [...new Set(series.map(({ zone }) => zone))].sort();
  return given.flatMap((group) => {
    if (kept.has(group)) return [];
    const { id, instanceType, zone } = group;
    return zones.includes(zone)
      ? `${id} is left out: the history has no prices of ${instanceType} in ${zone}`
      : `${id} is left out: the history has no prices in ${zone}; its zones are ${zones.join(', ')}`;
  });
}
