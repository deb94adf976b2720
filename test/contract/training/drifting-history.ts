import { chanceFrom } from '../../../src/learning/chance.ts';

export const header = 'timestamp_utc,region,availability_zone,instance_type,product,price_usd\n';

export interface DriftingPools {
  readonly region: string;
  /** Epoch milliseconds of the first rows. */
  readonly fromMs: number;
  /** Two of the region's zones; its names a and b when left out. */
  readonly zones?: readonly [string, string];
}

/** Rows of CSV: prices of twelve pools that drift for days on end, every six hours. */
export function driftingRows(days: number, { region, fromMs, zones }: DriftingPools): readonly string[] {
  const chance = chanceFrom(4);
  const rows: string[] = [];
  for (const type of ['c5.large', 'c5.xlarge', 'm5.large', 'm5.xlarge', 'r5.large', 'r5.xlarge'])
    for (const zone of zones ?? [`${region}a`, `${region}b`]) {
      let price = 0.5 + chance();
      let drift = 0;
      for (let step = 0; step < days * 4; step += 1) {
        if (chance() < 0.04) drift = [0, 0, 0.012, -0.012, 0.02, -0.02][Math.floor(6 * chance())] ?? 0;
        price = Math.min(Math.max(price * (1 + drift + 0.002 * (chance() - 0.5)), 0.3), 3);
        const at = new Date(fromMs + step * 6 * 3_600_000).toISOString().slice(0, 19);
        rows.push(`${at}Z,${region},${zone},${type},Linux/UNIX,${price.toFixed(4)}`);
      }
    }
  return rows;
}
