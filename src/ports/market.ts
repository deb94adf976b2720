import type { PriceSeries } from '../learning/price-series.ts';

/** Spot prices of a region. */
export interface Market {
  /**
   * All change points since `sinceMs` (and up to `untilMs` where it is given) for the given types (all types when
   * undefined), plus the price in force at `sinceMs`.
   * @throws SourceUnavailable after its own retries.
   */
  history(
    query: {
      readonly region: string;
      readonly instanceTypes?: readonly string[];
      readonly sinceMs: number;
      readonly untilMs?: number;
    },
    signal: AbortSignal,
  ): Promise<readonly PriceSeries[]>;
}
