import { expectedMonthlyRate } from '../../decision/advisor-prior.ts';
import type { AdvisorBand } from '../../decision/knowledge.ts';
import type { Pool, PoolKey } from '../../decision/pool.ts';
import { poolKey } from '../../decision/pool.ts';
import { defaultHazardPrior, meanHazard, recordFactor } from './fleet-hazard.ts';
import type { FleetEvidence } from './fleet-record.ts';

/**
 * A pool that comes back from an interruption is interrupted oftener than on its own average: by `excess` times that average
 * and, however calm it was before, by `leastPerHour`; half as much after each half-life. Source: bench/simulations.md, "What the
 * traces say of hot pools".
 */
export const justInterrupted = { excess: 1.5, leastPerHour: 0.07, halfLifeMs: 3 * 3_600_000 } as const;

/** Interruptions an hour of a pool with this average, so long after its last interruption. */
export function hazardAfterInterruption(averagePerHour: number, ageMs: number): number {
  const { excess, leastPerHour, halfLifeMs } = justInterrupted;
  return averagePerHour + (averagePerHour * excess + leastPerHour) * 0.5 ** (Math.max(0, ageMs) / halfLifeMs);
}

/** What the fleet expects of its pools: looked up in decisions, so the factor over all pools is kept for a minute. */
export class PoolHazards {
  private readonly record: FleetEvidence;
  private readonly advisorBand: (pool: Pool) => AdvisorBand | undefined;
  private factor = { value: 1, notices: -1, untilMs: -Infinity };

  constructor(record: FleetEvidence, advisorBand: (pool: Pool) => AdvisorBand | undefined) {
    this.record = record;
    this.advisorBand = advisorBand;
  }

  /**
   * Interruptions of one node of a Spot pool an hour: the mean of what the fleet's record leaves likely, and what the last
   * interruption adds. A pool in which the fleet never was is as its band says times what the whole fleet meets.
   */
  perHour(pool: Pool, nowMs: number): number {
    if (pool.capacityType === 'on-demand') return 0;
    const record = this.record.of(poolKey(pool), nowMs);
    const prior = { ...defaultHazardPrior, factor: this.factorAt(pool.region, nowMs) };
    const average = meanHazard(record, this.rateOf(pool), prior);
    return hazardAfterInterruption(average, nowMs - (record?.interruptedAtMs ?? -Infinity));
  }

  private rateOf(pool: Pool): number | undefined {
    const band = this.advisorBand(pool);
    return band === undefined ? undefined : expectedMonthlyRate(band);
  }

  private factorAt(region: string, nowMs: number): number {
    const { noticesCounted } = this.record;
    const { notices, untilMs } = this.factor;
    if (notices !== noticesCounted || !(nowMs < untilMs && nowMs >= untilMs - keptMs)) {
      const value = recordFactor(this.record, nowMs, (key) => this.rateOf(poolOf(key, region)));
      this.factor = { value, notices: noticesCounted, untilMs: nowMs + keptMs };
    }
    return this.factor.value;
  }
}

const keptMs = 60_000;

/** The record holds pools of the fleet's one region. */
function poolOf(key: PoolKey, region: string): Pool {
  const at = key.indexOf('@');
  return { instanceType: key.slice(0, at), zone: key.slice(at + 1), region, capacityType: 'spot' };
}
