import type { PriceSeries } from '../../learning/price-series.ts';
import type { HistoryPart } from '../../ports/parquet-history.ts';

interface GrowingPart {
  readonly atMs: number[];
  readonly zone: string[];
  readonly instanceType: string[];
  readonly product: string[];
  readonly pricePerHour: (number | null)[];
}

/** The change points of one region cut into UTC days (`2023-11-05`), each day sorted by type, zone and time. */
export function partsByDay(
  series: readonly PriceSeries[],
  product: string,
): ReadonlyMap<string, HistoryPart> {
  const sorted = [...series].sort(
    (a, b) => compared(a.instanceType, b.instanceType) || compared(a.zone, b.zone),
  );
  const parts = new Map<string, GrowingPart>();
  for (const { atMs, pricePerHour, zone, instanceType } of sorted)
    for (const [index, at] of atMs.entries()) {
      const day = new Date(at).toISOString().slice(0, 10);
      let part = parts.get(day);
      if (part === undefined) {
        part = { atMs: [], zone: [], instanceType: [], product: [], pricePerHour: [] };
        parts.set(day, part);
      }
      const price = pricePerHour[index] ?? NaN;
      part.atMs.push(at);
      part.zone.push(zone);
      part.instanceType.push(instanceType);
      part.product.push(product);
      part.pricePerHour.push(Number.isNaN(price) ? null : price);
    }
  return parts;
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
