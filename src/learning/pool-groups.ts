import { familyOfType, sizeOrder } from './instance-size.ts';
import type { PriceSeries } from './price-series.ts';

/** A partition of the pools: `groupOf[pool]` is 0 … count − 1. */
export interface Grouping {
  readonly groupOf: Int32Array;
  readonly count: number;
}

/** Who is whose neighbour. */
export interface PoolGroups {
  readonly region: Grouping;
  readonly zone: Grouping;
  /** The sizes of one family in one zone. */
  readonly familyInZone: Grouping;
  /** The zones of one type in one region. */
  readonly typeInRegion: Grouping;
  /** The pools of each family in a zone together, the largest size first. */
  readonly largestFirst: Int32Array;
  readonly sizeOf: Float64Array;
}

export function poolGroups(series: readonly PriceSeries[]): PoolGroups {
  const familyInZone = grouped(series, ({ region, zone, instanceType }) =>
    [region, zone, familyOfType(instanceType)].join(' '),
  );
  const sizeOf = Float64Array.from(series, ({ instanceType }) => sizeOrder(instanceType));
  const largestFirst = Int32Array.from(series, (_, pool) => pool).sort(
    (a, b) =>
      (familyInZone.groupOf[a] ?? 0) - (familyInZone.groupOf[b] ?? 0) ||
      (sizeOf[b] ?? 0) - (sizeOf[a] ?? 0) ||
      a - b,
  );
  return {
    region: grouped(series, ({ region }) => region),
    zone: grouped(series, ({ region, zone }) => `${region} ${zone}`),
    familyInZone,
    typeInRegion: grouped(series, ({ region, instanceType }) => `${region} ${instanceType}`),
    largestFirst,
    sizeOf,
  };
}

function grouped(series: readonly PriceSeries[], key: (one: PriceSeries) => string): Grouping {
  const numbers = new Map<string, number>();
  const groupOf = Int32Array.from(series, (one) => {
    const name = key(one);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  });
  return { groupOf, count: numbers.size };
}
