import type { Situation } from './scale-up-situation.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { SimulationGroup, SimulationSettings } from './simulation-settings.ts';

/** The pool of each group, as a number: groups of one type and zone that buy Spot share it. */
export function poolsOf({ groups }: Pick<SimulationSettings, 'groups'>): readonly number[] {
  const numbers = new Map<string, number>();
  return groups.map(({ group: { instanceType, zone, capacityType } }) => {
    const key = `${instanceType}@${zone}/${capacityType}`;
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
}

/** The hazard of each pool by its number. */
export function hazardsOf(
  { groups }: Pick<SimulationSettings, 'groups'>,
  poolOf: readonly number[],
): readonly number[] {
  const hazards: number[] = [];
  groups.forEach(({ hazardPerHour }, place) => {
    hazards[poolOf[place] ?? place] = hazardPerHour;
  });
  return hazards;
}

/** Where the nodes are, by group. */
export function fleetOf(
  nodes: Iterable<SimulatedNode>,
  placeOf: (place: number) => SimulationGroup,
): Situation['fleet'] {
  const counts = new Map<number, number>();
  for (const { place } of nodes) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts].map(([place, count]) => {
    const { group, facts } = placeOf(place);
    return { group, facts, nodes: count };
  });
}
