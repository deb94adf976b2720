import type { FleetPart, FleetView } from './knowledge.ts';
import { poolKey, type CapacityType } from './pool.ts';

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
  const pools = new Map<string, FleetPart>();
  const types = new Map<string, FleetPart>();
  const zones = new Map<string, FleetPart>();
  const groups = new Map<string, FleetPart>();
  const nodesInZone = new Map<string, number>();
  let all = none;
  for (const one of fleet) {
    const part = { nodes: one.nodes, vcpus: one.nodes * one.vcpus };
    all = sum(all, part);
    add(pools, `${poolKey(one)}/${one.capacityType}`, part);
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
    pool: (pool) => pools.get(`${poolKey(pool)}/${pool.capacityType}`) ?? none,
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
