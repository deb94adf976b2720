import { featureTable, rowMajor } from '../../learning/features.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { RiskInputs } from '../../ports/risk-model.ts';

/** One row per pool that can be described now. */
export interface ServingRows {
  readonly pools: readonly PriceSeries[];
  /** Row-major, pools × columns. */
  readonly matrix: Float32Array;
}

export type ServingFeatures = (
  inputs: RiskInputs,
  columns: readonly string[],
  minPricePerHour: number | undefined,
) => ServingRows;

/** The very features that training uses, at one moment: now, or when the prices end. Pools without seven days of history have no row. */
export const servingFeatures: ServingFeatures = (inputs, columns, minPricePerHour) => {
  const { series } = inputs;
  const table = featureTable({
    series,
    timesMs: Float64Array.of(inputs.pricesAsOfMs ?? inputs.nowMs),
    onDemandPerHour: inputs.onDemandPerHour,
    ...(minPricePerHour === undefined ? {} : { minPricePerHour }),
  });
  const pools = [...table.poolOf].flatMap((pool) => series[pool] ?? []);
  return { pools, matrix: rowMajor(table, columns) };
};
