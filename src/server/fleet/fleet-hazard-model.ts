import { expectedMonthlyRate } from '../../decision/advisor-prior.ts';
import type { AdvisorBand, RiskAssessment } from '../../decision/knowledge.ts';
import { poolKey, type Pool, type PoolKey } from '../../decision/pool.ts';
import type { RiskInputs, RiskModel } from '../../ports/risk-model.ts';
import { combinedRisk, defaultHazardPrior, fleetFactor, fleetHazard } from './fleet-hazard.ts';
import type { FleetEvidence } from './fleet-record.ts';

export interface FleetHazardOptions {
  readonly record: FleetEvidence;
  readonly advisorBand: (pool: Pool) => AdvisorBand | undefined;
  readonly horizonHours: number;
  /** Given: its assessments are combined with the fleet's; where it fails or is silent the hazard stands alone. */
  readonly beside?: RiskModel;
  /** The other model failed, so many times in a row; 0 and no error once it speaks again. */
  readonly onBeside?: (failures: number, error?: unknown) => void;
}

/** The fleet's own interruptions as a risk model. */
export function fleetHazardModel({
  record,
  advisorBand,
  horizonHours,
  beside,
  onBeside,
}: FleetHazardOptions): RiskModel {
  let failures = 0;
  const saidBeside = async (
    inputs: RiskInputs,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<PoolKey, RiskAssessment> | undefined> => {
    try {
      const said = await beside?.assess(inputs, signal);
      if (failures > 0) onBeside?.((failures = 0));
      return said;
    } catch (error) {
      signal.throwIfAborted();
      onBeside?.((failures += 1), error);
      return undefined;
    }
  };
  return {
    name: 'fleet-hazard',
    description: `the fleet's own interruptions over its node-hours, ${horizonHours} h ahead; prior: the Spot Advisor's band${beside === undefined ? '' : `; combined with ${beside.name}`}`,
    // A model that arrives, or is replaced, beside the record is news as much as a notice is.
    evidenceVersion: () => record.noticesCounted + (beside?.evidenceVersion?.() ?? 0),
    async assess(inputs, signal) {
      const stress = await saidBeside(inputs, signal);
      const assessed = new Map<PoolKey, RiskAssessment>();
      const rateOf = (pool: Pick<Pool, 'instanceType' | 'zone' | 'region'>): number | undefined =>
        rateOfBand(advisorBand({ ...pool, capacityType: 'spot' }));
      const pools = inputs.pools ?? inputs.series;
      const evidence = pools.flatMap((pool) => {
        const own = record.of(poolKey(pool), inputs.nowMs);
        return own === undefined ? [] : [{ record: own, advisorRate: rateOf(pool) }];
      });
      const prior = { ...defaultHazardPrior, factor: fleetFactor(evidence) };
      for (const { instanceType, zone, region } of pools) {
        const key = poolKey({ instanceType, zone });
        const hazard = fleetHazard(
          record.of(key, inputs.nowMs),
          rateOf({ instanceType, zone, region }),
          horizonHours,
          prior,
        );
        const beneath = stress?.get(key) ?? beside?.uniform;
        assessed.set(key, beneath === undefined ? hazard : combinedRisk(hazard, beneath));
      }
      return assessed;
    },
  };
}

function rateOfBand(band: AdvisorBand | undefined): number | undefined {
  return band === undefined ? undefined : expectedMonthlyRate(band);
}
