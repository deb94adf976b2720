import type { PriceSeries } from '../learning/price-series.ts';

/** Spot prices of a region. */
export interface Market {
  /**
   * All change points since `sinceMs` for the given types (all types when undefined), plus the price in force at `sinceMs`.
   * @throws SourceUnavailable after its own retries.
   */
  history(
    query: { readonly region: string; readonly instanceTypes?: readonly string[]; readonly sinceMs: number },
    signal: AbortSignal,
  ): Promise<readonly PriceSeries[]>;
}
