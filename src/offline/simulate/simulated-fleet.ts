import type { FleetView } from '../../decision/knowledge.ts';
import { fleetView } from '../../decision/fleet-view.ts';
import type { Situation } from './scale-up-situation.ts';

/** The simulated cluster's nodes as decisions see a fleet. */
export function simulatedFleet(fleet: Situation['fleet']): FleetView {
  return fleetView(
    'nodes',
    fleet.map(({ group, facts, nodes }) => ({
      instanceType: group.instanceType,
      zone: group.zone,
      capacityType: group.capacityType,
      nodeGroupId: group.id,
      vcpus: facts.vcpu,
      nodes,
    })),
  );
}
