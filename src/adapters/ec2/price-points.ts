import type { SpotPrice } from '@aws-sdk/client-ec2';
import type { PriceSeries } from '../../learning/price-series.ts';

/** What was in the answers and could not be used. */
export interface PointCounts {
  readonly taken: number;
  readonly duplicates: number;
  /** Without zone, type, time or a positive price. */
  readonly unusable: number;
}

export interface PricePoints {
  readonly add: (rows: readonly SpotPrice[]) => void;
  readonly series: () => readonly PriceSeries[];
  readonly counts: () => PointCounts;
}

interface PoolPoints {
  readonly zone: string;
  readonly instanceType: string;
  readonly priceAt: Map<number, number>;
}

/** Gathers the rows of DescribeSpotPriceHistory, which come newest first and may repeat, into one series per pool. */
export function pricePoints(region: string): PricePoints {
  const pools = new Map<string, PoolPoints>();
  let duplicates = 0;
  let unusable = 0;
  let taken = 0;
  return {
    add(rows) {
      for (const row of rows) {
        const atMs = row.Timestamp?.getTime() ?? NaN;
        const price = Number(row.SpotPrice ?? NaN);
        const zone = row.AvailabilityZone ?? row.AvailabilityZoneId;
        const type = row.InstanceType;
        if (
          zone === undefined ||
          type === undefined ||
          !Number.isFinite(atMs) ||
          !(price > 0 && price < Infinity)
        ) {
          unusable++;
          continue;
        }
        const key = `${type}@${zone}`;
        let pool = pools.get(key);
        if (pool === undefined) {
          pool = { zone, instanceType: type, priceAt: new Map() };
          pools.set(key, pool);
        }
        if (pool.priceAt.has(atMs)) duplicates++;
        else {
          pool.priceAt.set(atMs, price);
          taken++;
        }
      }
    },
    series: () =>
      [...pools.values()].map(({ zone, instanceType, priceAt }) => {
        const atMs = Float64Array.from(priceAt.keys()).sort();
        return {
          region,
          zone,
          instanceType,
          atMs,
          pricePerHour: atMs.map((at) => priceAt.get(at) ?? NaN),
        };
      }),
    counts: () => ({ taken, duplicates, unusable }),
  };
}
