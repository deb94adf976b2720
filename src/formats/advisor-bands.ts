import type { AdvisorBand } from '../decision/knowledge.ts';
import { shrunkRates } from '../learning/shrunk-bands.ts';

/**
 * Spot Advisor publishes bands 0..4: under 5, 5–10, 10–15, 15–20 and over 20 % of Spot capacity reclaimed in the trailing
 * month. A band stands for its middle; the open band stands for 0.25.
 */
const middles = [0.025, 0.075, 0.125, 0.175, 0.25] as const;

/** 0..1 for a band's code 0..4; undefined for any other number. */
export function interruptRateOfCode(code: number): number | undefined {
  return middles[code];
}

/** The band 0..4 that a monthly rate (0..1) falls into. */
export function codeOfInterruptRate(rate: number): number {
  return rate > 0.2 ? 4 : Math.max(0, Math.ceil(rate / 0.05) - 1);
}

/**
 * Bands by `type@region`, or by type alone in the own region, with what is to be expected of each where whoever wrote them does not
 * say: from all that are here.
 */
export function withExpectedRates(
  bands: ReadonlyMap<string, AdvisorBand>,
  ownRegion: string,
): ReadonlyMap<string, AdvisorBand> {
  const byRegion = new Map<string, Map<string, number>>();
  for (const [key, { code }] of bands) {
    const [instanceType = '', region = ownRegion] = key.split('@');
    const types = byRegion.get(region) ?? new Map<string, number>();
    byRegion.set(region, types.set(instanceType, code));
  }
  const rates = new Map([...byRegion.keys()].map((region) => [region, shrunkRates(byRegion, region)]));
  return new Map(
    [...bands].map(([key, band]) => {
      const [instanceType = '', region = ownRegion] = key.split('@');
      const expectedRate = band.expectedRate ?? rates.get(region)?.get(instanceType);
      return [key, expectedRate === undefined ? band : { ...band, expectedRate }];
    }),
  );
}
