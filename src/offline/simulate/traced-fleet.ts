import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import { onDemandPerUnitOf } from '../../decision/on-demand-unit.ts';
import type { Policy } from '../../decision/policy.ts';
import { poolKey } from '../../decision/pool.ts';
import { defaultHazardPrior, fleetHazard, recordFactor } from '../../server/fleet/fleet-hazard.ts';
import { FleetRecord } from '../../server/fleet/fleet-record.ts';
import { PoolHazards } from '../../server/fleet/pool-hazard.ts';
import { ourExpander } from './our-expander.ts';
import type { Expander } from './scale-up-situation.ts';
import type { SimulatedGroup } from './simulated-group.ts';

/** In units of the mean Spot price of the pools. */
const onDemandPerHour = 4;

/** Our expander with what a server's watch of the fleet knows; no bands, as nothing says what they were. */
export interface TracedFleet {
  readonly expander: Expander;
  readonly interrupted: (group: SimulatedGroup, nodes: number, atMs: number) => void;
  readonly ran: (group: SimulatedGroup, hours: number, atMs: number) => void;
}

export function tracedFleet(
  policy: Policy,
  facts: InstanceTypeFacts,
  recordIsRiskModel: boolean,
): TracedFleet {
  const record = new FleetRecord();
  const hazards = new PoolHazards(record, () => undefined);
  let notices = 0;
  const expander = ourExpander(
    {
      region: 'traced',
      advisorBand: () => undefined,
      onDemandPerHour: () => onDemandPerHour,
      onDemandPerUnit: onDemandPerUnitOf([{ facts, onDemandPerHour }]),
      risk: (pool, nowMs) =>
        recordIsRiskModel
          ? fleetHazard(record.of(poolKey(pool), nowMs), undefined, policy.riskHorizonHours, {
              ...defaultHazardPrior,
              factor: recordFactor(record, nowMs, () => undefined),
            })
          : undefined,
      hazard: (pool, nowMs) => hazards.perHour(pool, nowMs),
      onRest: (pool, atMs) => record.add({ kind: 'shortage', pool: poolKey(pool), atMs }),
    },
    policy,
  );
  return {
    expander,
    interrupted: (group, nodes, atMs) => {
      expander.onInterruption?.(group, atMs);
      for (let node = 0; node < nodes; node += 1)
        record.add({
          kind: 'notice',
          id: String((notices += 1)),
          pool: poolKey(group),
          signal: 'TERMINATION',
          atMs,
        });
    },
    ran: (group, hours, atMs) => record.add({ kind: 'hours', pool: poolKey(group), hours, atMs }),
  };
}
