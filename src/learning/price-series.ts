/**
 * The price history of one Spot pool as change points, oldest first.
 * `pricePerHour[i]` (USD) is in force from `atMs[i]` until `atMs[i + 1]`; NaN means that the pool was absent.
 * Both arrays have the same length; times strictly ascend.
 */
export interface PriceSeries {
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  readonly atMs: Float64Array;
  readonly pricePerHour: Float64Array;
  /** USD per hour, where the source of the history carries it. */
  readonly onDemandPerHour?: number;
}
