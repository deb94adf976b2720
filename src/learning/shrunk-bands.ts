import { familyOfType, sizeOrder } from './instance-size.ts';

/** Spot Advisor bands 0..4 by region and instance type. */
export type BandsByRegion = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What of a document foretells a type's next band, each less its mean over all bands. */
export const bandFeatures = ['own', 'family', 'elsewhere', 'size', 'region'] as const;
export type BandFeature = (typeof bandFeatures)[number];

/**
 * By least squares over what 16,139 bands were 17 months and three years later (documents of 2021, 2024 and 2025;
 * scripts/fit-bands.ts). What was fitted on one pair of documents says of the other with a squared error of 2.67 in bands where the
 * band as it is has 3.51 and the document's mean 3.17, and of 1.60 against 2.46 and 2.67: a band itself foretells less than the
 * type's bands in other regions and its family's in the region. `one-region`: from a document of one region alone.
 */
export const bandCoefficients: Readonly<
  Record<'all-regions' | 'one-region', Readonly<Record<BandFeature, number>>>
> = {
  'all-regions': { own: 0.104, family: 0.268, elsewhere: 0.552, size: 0.04, region: -0.424 },
  'one-region': { own: 0.239, family: 0.518, elsewhere: 0, size: 0.077, region: 0 },
};

/** A document of fewer bands in a region says too little of families and means: its bands stay as they are. */
const fewestBands = 100;

/** Middles of the bands, a month; between two of them a band that is none lies on a straight line. */
const middles = [0.025, 0.075, 0.125, 0.175, 0.25] as const;

interface Described {
  readonly instanceType: string;
  readonly region: string;
  readonly features: Readonly<Record<BandFeature, number>>;
}

/**
 * The share (0..1 a month) that is to be expected of each type of a region: its band drawn to those of its family in the region, of
 * the type in other regions and of its size. The document's mean stays what it is. Empty where it has too few bands of the region.
 */
export function shrunkRates(bands: BandsByRegion, region: string): ReadonlyMap<string, number> {
  if ((bands.get(region)?.size ?? 0) < fewestBands) return new Map();
  const all = describedBands(bands);
  const coefficients = bandCoefficients[bands.size > 1 ? 'all-regions' : 'one-region'];
  const { meanOf, meanBand } = centre(all);
  const rates = new Map<string, number>();
  for (const { instanceType, region: of, features } of all) {
    if (of !== region) continue;
    const band = bandFeatures.reduce(
      (sum, name) => sum + coefficients[name] * (features[name] - meanOf[name]),
      meanBand,
    );
    rates.set(instanceType, rateOfBand(band));
  }
  return rates;
}

/** 0..1 a month, between the middles of the bands beside it. */
export function rateOfBand(band: number): number {
  const within = Math.min(middles.length - 1, Math.max(0, band));
  const below = Math.min(middles.length - 2, Math.floor(within));
  const [low = 0, high = 0] = [middles[below], middles[below + 1]];
  return low + (within - below) * (high - low);
}

/** Means over all bands of a document; `own` is the band. */
export function centre(all: readonly Described[]): {
  readonly meanOf: Readonly<Record<BandFeature, number>>;
  readonly meanBand: number;
} {
  const mean = (name: BandFeature): number =>
    all.reduce((sum, { features }) => sum + features[name], 0) / Math.max(1, all.length);
  const meanOf = {
    own: mean('own'),
    family: mean('family'),
    elsewhere: mean('elsewhere'),
    size: mean('size'),
    region: mean('region'),
  };
  return { meanOf, meanBand: meanOf.own };
}

interface Sum {
  total: number;
  count: number;
}

/** Every band of a document with what is beside it: of the family and the region the others, of the type the other regions. */
export function describedBands(bands: BandsByRegion): readonly Described[] {
  const byRegion = new Map<string, Sum>();
  const byFamily = new Map<string, Sum>();
  const byType = new Map<string, Sum>();
  const add = (sums: Map<string, Sum>, key: string, band: number): void => {
    const sum = sums.get(key) ?? { total: 0, count: 0 };
    sum.total += band;
    sum.count += 1;
    sums.set(key, sum);
  };
  for (const [region, types] of bands)
    for (const [instanceType, band] of types) {
      add(byRegion, region, band);
      add(byFamily, `${familyOfType(instanceType)} ${region}`, band);
      add(byType, instanceType, band);
    }
  return [...bands].flatMap(([region, types]) =>
    [...types].map(([instanceType, own]): Described => {
      const others = (sums: ReadonlyMap<string, Sum>, key: string, towards: number): number => {
        const { total, count } = sums.get(key) ?? { total: own, count: 1 };
        return (total - own + towards) / count;
      };
      const ofRegion = byRegion.get(region) ?? { total: own, count: 1 };
      const regionMean = ofRegion.count > 1 ? (ofRegion.total - own) / (ofRegion.count - 1) : own;
      return {
        instanceType,
        region,
        features: {
          own,
          // One more of the family, and one more region, in which the type is as its region's others are.
          family: others(byFamily, `${familyOfType(instanceType)} ${region}`, regionMean),
          elsewhere: others(byType, instanceType, regionMean),
          size: Math.log2(Math.min(largestSize, sizeOrder(instanceType))),
          region: regionMean,
        },
      };
    }),
  );
}

/** Bare metal takes the whole host. */
const largestSize = 192;
