import type { PoolColumns } from './features.ts';
import { onePercent } from './own-features.ts';
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
  const log = lattice.logPrice(0);
  for (let pool = 0; pool < known.length; pool += 1) {
    const inFamily = familyInZone.groupOf[pool] ?? 0;
    const ofType = typeInRegion.groupOf[pool] ?? 0;
    const inRegion = region.groupOf[pool] ?? 0;
    const inZone = zone.groupOf[pool] ?? 0;
    const own = gain[pool] ?? 0;
    const price = log[pool] ?? 0;
    const others = (types.count[ofType] ?? 0) - 1;
    out.family_stress_mean[pool] = (stress.sum[inFamily] ?? 0) / (stress.count[inFamily] ?? 1);
    out.family_stress_max[pool] = stress.max[inFamily] ?? 0;
    out.family_return_24h[pool] = (family.sum[inFamily] ?? 0) / (family.count[inFamily] ?? 1);
    out.family_return_max_24h[pool] = family.max[inFamily] ?? 0;
    out.zone_return_24h[pool] = (zones.sum[inZone] ?? 0) / (zones.count[inZone] ?? 1);
    out.region_return_24h[pool] = (regions.sum[inRegion] ?? 0) / (regions.count[inRegion] ?? 1);
    out.other_zones_return_24h[pool] = others > 0 ? ((types.sum[ofType] ?? 0) - own) / others : 0;
    out.cross_zone_gap[pool] = others > 0 ? price - ((typePrices.sum[ofType] ?? 0) - price) / others : 0;
    const risers = rising.count[inRegion] ?? 0;
    out.region_rise_speed[pool] = risers > 0 ? (rising.sum[inRegion] ?? 0) / risers : 0;
    out.region_rising_share[pool] = risers / (regions.count[inRegion] ?? 1);
    out.market_age_hours[pool] = age[inRegion] ?? 0;
  }
  writeLargerSizes(moment, gain, out.larger_sizes_return_24h);
}

interface GroupSums {
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly max: Float64Array;
}

function sums(grouping: Grouping, values: Float64Array, known: Uint8Array): GroupSums {
  const sum = new Float64Array(grouping.count);
  const count = new Float64Array(grouping.count);
  const max = new Float64Array(grouping.count).fill(Number.NEGATIVE_INFINITY);
  for (let pool = 0; pool < known.length; pool += 1) {
    if (known[pool] === 0) continue;
    const group = grouping.groupOf[pool] ?? 0;
    const value = values[pool] ?? 0;
    sum[group] = (sum[group] ?? 0) + value;
    count[group] = (count[group] ?? 0) + 1;
    if (value > (max[group] ?? 0)) max[group] = value;
  }
  return { sum, count, max };
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
  for (let pool = 0; pool < known.length; pool += 1) {
    const region = groupOf[pool] ?? 0;
    const age = (atMs - lattice.observedAtMs(pool)) / hourMs;
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
