import type { PoolColumns } from './feature-names.ts';
import { onePercent } from './past-week.ts';
import type { Grouping, PoolGroups } from './pool-groups.ts';
import { hourMs } from './price-lattice.ts';
import type { PriceLattice } from './price-lattice.ts';

interface Moment {
  readonly lattice: PriceLattice;
  readonly groups: PoolGroups;
  /** 1 for the pools that count. */
  readonly known: Uint8Array;
  readonly atMs: number;
}

/** Writes what the neighbours of a pool say: its family and zone, the type's other zones, the larger sizes, the region. */
export function writeGroupFeatures(moment: Moment, out: PoolColumns): void {
  const { lattice, groups, known } = moment;
  const { familyInZone, typeInRegion, zone, region } = groups;
  const gain = out.return_24h;
  const stress = sums(familyInZone, out.price_position, known);
  const family = sums(familyInZone, gain, known);
  const zones = sums(zone, gain, known);
  const regions = sums(region, gain, known);
  const types = sums(typeInRegion, gain, known);
  const typePrices = sums(typeInRegion, lattice.logPrice(0), known);
  const rising = risingSums(region, gain, known);
  const age = marketAges(moment);
  spread(familyInZone, means(stress), out.family_stress_mean);
  spread(familyInZone, highest(familyInZone, out.price_position, known), out.family_stress_max);
  spread(familyInZone, means(family), out.family_return_24h);
  spread(familyInZone, highest(familyInZone, gain, known), out.family_return_max_24h);
  spread(zone, means(zones), out.zone_return_24h);
  spread(region, means(regions), out.region_return_24h);
  writeOthersMean(typeInRegion, types, gain, out.other_zones_return_24h);
  writeGaps(typeInRegion, typePrices, lattice.logPrice(0), out.cross_zone_gap);
  spread(
    region,
    rising.count.map((risers, at) => (risers > 0 ? (rising.sum[at] ?? 0) / risers : 0)),
    out.region_rise_speed,
  );
  spread(
    region,
    rising.count.map((risers, at) => risers / (regions.count[at] ?? 1)),
    out.region_rising_share,
  );
  spread(region, age, out.market_age_hours);
  writeLargerSizes(moment, gain, out.larger_sizes_return_24h);
}

/** Gives every pool its group's value. */
function spread({ groupOf }: Grouping, values: Float64Array, out: Float64Array): void {
  for (let pool = 0; pool < out.length; pool += 1) out[pool] = values[groupOf[pool] ?? 0] ?? 0;
}

/** The mean of the group's others; 0 for a pool that is alone. */
function writeOthersMean(
  { groupOf }: Grouping,
  { sum, count }: GroupSums,
  own: Float64Array,
  out: Float64Array,
): void {
  for (let pool = 0; pool < out.length; pool += 1) {
    const group = groupOf[pool] ?? 0;
    const others = (count[group] ?? 0) - 1;
    out[pool] = others > 0 ? ((sum[group] ?? 0) - (own[pool] ?? 0)) / others : 0;
  }
}

/** How far the pool's own value is above the mean of the group's others; 0 for a pool that is alone. */
function writeGaps(grouping: Grouping, sums: GroupSums, own: Float64Array, out: Float64Array): void {
  writeOthersMean(grouping, sums, own, out);
  for (let pool = 0; pool < out.length; pool += 1)
    if ((sums.count[grouping.groupOf[pool] ?? 0] ?? 0) > 1) out[pool] = (own[pool] ?? 0) - (out[pool] ?? 0);
}

interface GroupSums {
  readonly sum: Float64Array;
  readonly count: Float64Array;
}

function sums(grouping: Grouping, values: Float64Array, known: Uint8Array): GroupSums {
  const { groupOf } = grouping;
  const sum = new Float64Array(grouping.count);
  const count = new Float64Array(grouping.count);
  for (let pool = 0; pool < known.length; pool += 1) {
    if (known[pool] === 0) continue;
    const group = groupOf[pool] ?? 0;
    sum[group] = (sum[group] ?? 0) + (values[pool] ?? 0);
    count[group] = (count[group] ?? 0) + 1;
  }
  return { sum, count };
}

function highest(grouping: Grouping, values: Float64Array, known: Uint8Array): Float64Array {
  const { groupOf } = grouping;
  const max = new Float64Array(grouping.count).fill(Number.NEGATIVE_INFINITY);
  for (let pool = 0; pool < known.length; pool += 1) {
    if (known[pool] === 0) continue;
    const group = groupOf[pool] ?? 0;
    const value = values[pool] ?? 0;
    if (value > (max[group] ?? 0)) max[group] = value;
  }
  return max;
}

function means({ sum, count }: GroupSums): Float64Array {
  return sum.map((total, group) => total / (count[group] ?? 1));
}

function risingSums(grouping: Grouping, gain: Float64Array, known: Uint8Array) {
  const sum = new Float64Array(grouping.count);
  const count = new Float64Array(grouping.count);
  for (let pool = 0; pool < known.length; pool += 1) {
    const value = gain[pool] ?? 0;
    if (known[pool] === 0 || value < onePercent) continue;
    const group = grouping.groupOf[pool] ?? 0;
    sum[group] = (sum[group] ?? 0) + value;
    count[group] = (count[group] ?? 0) + 1;
  }
  return { sum, count };
}

function marketAges({ lattice, groups, known, atMs }: Moment): Float64Array {
  const { groupOf, count } = groups.region;
  const ages = new Float64Array(count).fill(24);
  const observedAtMs = lattice.observedAtMs();
  for (let pool = 0; pool < known.length; pool += 1) {
    const region = groupOf[pool] ?? 0;
    const age = (atMs - (observedAtMs[pool] ?? Number.NEGATIVE_INFINITY)) / hourMs;
    if (age < (ages[region] ?? 0)) ages[region] = age;
  }
  return ages;
}

/** Walks each family in a zone from its largest size down; pools of one size are not larger than each other. */
function writeLargerSizes({ groups, known }: Moment, gain: Float64Array, out: Float64Array): void {
  const { largestFirst, sizeOf, familyInZone } = groups;
  let sum = 0;
  let count = 0;
  let pendingSum = 0;
  let pendingCount = 0;
  let family = -1;
  let size = -1;
  for (const pool of largestFirst) {
    const ownFamily = familyInZone.groupOf[pool] ?? 0;
    const ownSize = sizeOf[pool] ?? 0;
    if (ownFamily !== family) {
      sum = 0;
      count = 0;
    } else if (ownSize !== size) {
      sum += pendingSum;
      count += pendingCount;
    }
    if (ownFamily !== family || ownSize !== size) {
      pendingSum = 0;
      pendingCount = 0;
    }
    family = ownFamily;
    size = ownSize;
    out[pool] = count > 0 ? sum / count : 0;
    if (known[pool] === 0) continue;
    pendingSum += gain[pool] ?? 0;
    pendingCount += 1;
  }
}
