import type { AdvisorBand, RiskAssessment } from '../decision/knowledge.ts';
import { poolKey, type Pool, type PoolKey } from '../decision/pool.ts';
import type { RiskModel } from '../ports/risk-model.ts';
import { combinedRisk, fleetHazard } from './fleet-hazard.ts';
import type { FleetRecord } from './fleet-record.ts';

export interface FleetHazardOptions {
  readonly record: FleetRecord;
  readonly advisorBand: (pool: Pool) => AdvisorBand | undefined;
  readonly horizonHours: number;
  /** Given: its assessments are combined with the fleet's; where it fails or is silent the hazard stands alone. */
  readonly beside?: RiskModel;
}

/** The fleet's own interruptions as a risk model. */
export function fleetHazardModel({
  record,
  advisorBand,
  horizonHours,
  beside,
}: FleetHazardOptions): RiskModel {
  return {
    name: 'fleet-hazard',
    description: `the fleet's own interruptions over its node-hours, ${horizonHours} h ahead; prior: the Spot Advisor's band${beside === undefined ? '' : `; combined with ${beside.name}`}`,
    evidenceVersion: () => record.noticesCounted,
    async assess(inputs, signal) {
      const stress = await beside?.assess(inputs, signal).catch(() => undefined);
      const assessed = new Map<PoolKey, RiskAssessment>();
      for (const { instanceType, zone, region } of inputs.pools ?? inputs.series) {
        const key = poolKey({ instanceType, zone });
        const band = advisorBand({ instanceType, zone, region, capacityType: 'spot' });
        const hazard = fleetHazard(record.of(key, inputs.nowMs), band?.interruptRate, horizonHours);
        const beneath = stress?.get(key) ?? beside?.uniform;
        assessed.set(key, beneath === undefined ? hazard : combinedRisk(hazard, beneath));
      }
      return assessed;
    },
  };
}
