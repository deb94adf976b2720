import { chanceFrom } from '../../src/learning/chance.ts';
import type { PriceSeries } from '../../src/learning/price-series.ts';

export interface MarketSize {
  readonly pools: number;
  readonly days: number;
  readonly eventsPerPool: number;
  readonly seed: number;
}

export const marketEndMs = Date.UTC(2024, 0, 1);
const dayMs = 86_400_000;
const zones = ['use1-az1', 'use1-az2', 'use1-az4'];
const sizes = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge', '24xlarge'];

/**
 * Prices of one region in ticks of 0.0001 USD that drift in small steps and, each pool by its own rate, climb for a day or two
 * and fall back; the same for a seed. They exercise the code with the shape of real history and tell nothing of a real market.
 */
export function madeMarket({ pools, days, eventsPerPool, seed }: MarketSize): readonly PriceSeries[] {
  const chance = chanceFrom(seed);
  return Array.from({ length: pools }, (_, pool) => {
    const kind = Math.floor(pool / zones.length);
    const size = kind % sizes.length;
    const family = `c${5 + (Math.floor(kind / sizes.length) % 3)}${String.fromCharCode(97 + (Math.floor(kind / sizes.length / 3) % 26))}`;
    const base = 0.03 * 2 ** size * (0.8 + 0.4 * chance());
    const climbShare = 0.04 * chance() ** 3;
    const spacing = (days * dayMs) / eventsPerPool;
    const atMs = new Float64Array(eventsPerPool);
    const pricePerHour = new Float64Array(eventsPerPool);
    let level = 0;
    let climb = 0;
    const climbEvents = Math.max(2, Math.round((1.5 * dayMs) / spacing));
    for (let event = 0; event < eventsPerPool; event += 1) {
      atMs[event] = Math.floor(marketEndMs - days * dayMs + (event + 0.9 * chance()) * spacing);
      if (climb === 0 && chance() < climbShare) climb = climbEvents;
      if (climb > 0) climb -= 1;
      level = climb > 0 ? level + 0.25 / climbEvents : level * 0.9 + 0.004 * (chance() - 0.5);
      pricePerHour[event] = Math.max(1, Math.round(base * Math.exp(level) * 10_000)) / 10_000;
    }
    return {
      region: 'us-east-1',
      zone: zones[pool % zones.length] ?? '',
      instanceType: `${family}.${sizes[size]}`,
      atMs,
      pricePerHour,
      onDemandPerHour: base * 3,
    };
  });
}
