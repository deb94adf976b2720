import type { PriceSeries } from '../../../src/learning/price-series.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
export const start = Date.UTC(2024, 0, 1);

export function pool(
  instanceType: string,
  points: readonly (readonly [hours: number, price: number])[],
  place: { readonly zone?: string; readonly region?: string; readonly onDemandPerHour?: number } = {},
): PriceSeries {
  return {
    region: place.region ?? 'ap-south-1',
    zone: place.zone ?? 'aps1-az1',
    instanceType,
    atMs: Float64Array.from(points, ([hours]) => start + hours * hour),
    pricePerHour: Float64Array.from(points, ([, price]) => price),
    ...(place.onDemandPerHour === undefined ? {} : { onDemandPerHour: place.onDemandPerHour }),
  };
}

export const noTable = (): undefined => undefined;

/** A price that stays, with one rise of `share` at `atHours` that ends an hour later. */
export function oneSpike(atHours: number, share: number): PriceSeries {
  return pool('c5.large', [
    [0, 0.04],
    [atHours, 0.04 * (1 + share)],
    [atHours + 1, 0.04],
  ]);
}
