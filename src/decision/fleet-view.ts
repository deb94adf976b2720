import type { FleetPart, FleetView } from './knowledge.ts';
import type { CapacityType, Pool } from './pool.ts';

/** Nodes that are alike. */
export interface FleetNodes {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: CapacityType;
  /** Undefined where nothing tells the group. */
  readonly nodeGroupId: string | undefined;
  /** Of one node. */
  readonly vcpus: number;
  readonly nodes: number;
}

const none: FleetPart = { nodes: 0, vcpus: 0 };

/** Counts by pool, type, zone and group. */
export function fleetView(source: FleetView['source'], fleet: Iterable<FleetNodes>): FleetView {
  // By type and then zone: every pool of every request is looked for, and a name made of both would be made each time.
  const pools: Readonly<Record<CapacityType, Map<string, Map<string, FleetPart>>>> = {
    spot: new Map(),
    'on-demand': new Map(),
    unknown: new Map(),
  };
  const ofPool = ({
    instanceType,
    zone,
    capacityType,
  }: Pick<Pool, 'instanceType' | 'zone' | 'capacityType'>) =>
    pools[capacityType].get(instanceType)?.get(zone) ?? none;
  const types = new Map<string, FleetPart>();
  const zones = new Map<string, FleetPart>();
  const groups = new Map<string, FleetPart>();
  const nodesInZone = new Map<string, number>();
  let all = none;
  for (const one of fleet) {
    const part = { nodes: one.nodes, vcpus: one.nodes * one.vcpus };
    all = sum(all, part);
    const ofType = pools[one.capacityType].get(one.instanceType) ?? new Map<string, FleetPart>();
    add(ofType, one.zone, part);
    pools[one.capacityType].set(one.instanceType, ofType);
    if (one.capacityType !== 'on-demand') {
      add(types, one.instanceType, part);
      add(zones, one.zone, part);
    }
    if (one.nodeGroupId !== undefined) add(groups, one.nodeGroupId, part);
    nodesInZone.set(one.zone, (nodesInZone.get(one.zone) ?? 0) + one.nodes);
  }
  return {
    source,
    all,
    pool: ofPool,
    type: ({ instanceType }) => types.get(instanceType) ?? none,
    zone: ({ zone }) => zones.get(zone) ?? none,
    inZone: (zone) => nodesInZone.get(zone) ?? 0,
    group: (id) => groups.get(id) ?? none,
  };
}

function add(parts: Map<string, FleetPart>, key: string, part: FleetPart): void {
  parts.set(key, sum(parts.get(key) ?? none, part));
}

function sum(one: FleetPart, other: FleetPart): FleetPart {
  return { nodes: one.nodes + other.nodes, vcpus: one.vcpus + other.vcpus };
}
