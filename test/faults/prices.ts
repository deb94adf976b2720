import type { PriceRow } from '../peers/aws-peer.ts';
import { seededRandom } from '../../scripts/wire-mutations.ts';

const zones = ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'];
/** USD an hour on Spot, about where the bundled snapshot has them. */
const base: Readonly<Record<string, number>> = {
  'c5.large': 0.031,
  'c5.xlarge': 0.062,
  'm5.large': 0.036,
  'm5.2xlarge': 0.15,
  'r5.large': 0.045,
  'm6g.large': 0.028,
  't3.medium': 0.016,
};
const stepMs = 4 * 3_600_000;
const steps = 60;

/** Ten days of price changes of every pool that the recorded requests offer: enough for the model to score them. */
export function tenDaysOfPrices(nowMs: number): readonly PriceRow[] {
  const random = seededRandom(20_260_101);
  return Object.entries(base).flatMap(([type, first]) =>
    zones.flatMap((zone) => {
      let price = first;
      return Array.from({ length: steps }, (_, index) => {
        price = Math.max(first * 0.8, Math.min(first * 1.2, price * (1 + (random(2001) - 1000) / 50_000)));
        const atMs = nowMs - (steps - index) * stepMs + random(3_600_000);
        return { zone, type, price: price.toFixed(4), at: new Date(atMs).toISOString() };
      });
    }),
  );
}
