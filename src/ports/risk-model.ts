import type { Pool, PoolKey } from '../decision/pool.ts';
import type { RiskAssessment } from '../decision/knowledge.ts';
import type { PriceSeries } from '../learning/price-series.ts';

/** What a model is shown: the region's prices up to now, never beyond. */
export interface RiskInputs {
  readonly series: readonly PriceSeries[];
  /** Every Spot pool that has a price, also those without a history: for models that do not read prices. */
  readonly pools?: readonly Pool[];
  readonly onDemandPerHour: (instanceType: string, region: string) => number | undefined;
  readonly nowMs: number;
  /** Set when `series` ends in the past: what prices say is then said of this moment, epoch milliseconds. */
  readonly pricesAsOfMs?: number;
}

/** Scores whole regions off the request path; a decision looks the answer up. */
export interface RiskModel {
  readonly name: 'family-stress' | 'always-safe' | 'mock' | 'fleet-hazard';
  /** In plain words, for logs and answers: what model this is and from when. */
  readonly description: string;
  /** Set by a model that says the same of every Spot pool and needs no prices for it. */
  readonly uniform?: RiskAssessment;
  /** Grows when a model that learns while it runs has learnt something: its pools are then scored anew. */
  readonly evidenceVersion?: () => number;
  /**
   * One assessment per pool of `series`.
   * @throws when the model cannot score at all; the caller keeps the last table and names the degradation.
   */
  assess(inputs: RiskInputs, signal: AbortSignal): Promise<ReadonlyMap<PoolKey, RiskAssessment>>;
}
