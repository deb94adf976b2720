/** The columns of the model's input, in order. Returns are logarithms of price ratios; shares are 0..1. */
export const featureNames = [
  /** Where the price stands in its range of seven days, 0..1; a half when it has not moved. */
  'price_position',
  /** 1 − Spot / on-demand. */
  'discount_depth',
  /** The mean price position of the family's sizes in the zone. */
  'family_stress_mean',
  'family_stress_max',
  'hour_sin',
  'hour_cos',
  'is_weekend',
  /** 9 to 17 h UTC from Monday to Friday. */
  'is_business_hours',
  'return_6h',
  'return_12h',
  'return_18h',
  'return_24h',
  'return_36h',
  'return_48h',
  'return_72h',
  'return_168h',
  /** Root of the summed squares of the six-hour returns. */
  'volatility_24h',
  'volatility_7d',
  /** Six-hour steps in which the price changed. */
  'changes_24h',
  'changes_7d',
  /** The largest six-hour return. */
  'max_move_24h',
  'max_move_7d',
  'max_drop_7d',
  /** The largest 24-hour return seen in seven days. */
  'max_return_24h_7d',
  /** Hours for which the 24-hour return has stayed at 3 % or more, and at 1 % or more. */
  'hours_above_3pct',
  'hours_above_1pct',
  /** The share of the last seven days' six-hour steps that were followed by a rise of 3 % within 24 hours. */
  'past_rise_share_7d',
  /** At most 168, as the other ages. */
  'hours_since_change',
  /** Logarithm of highest / now and of now / lowest, of seven days. */
  'drawdown_7d',
  'rise_7d',
  /** The smallest possible move of this price: 0.0001 USD / price. */
  'tick_size',
  /** Logarithm of the price over that of the type's other zones; 0 when there is none. */
  'cross_zone_gap',
  'other_zones_return_24h',
  'family_return_24h',
  'family_return_max_24h',
  /** Mean 24-hour return of the family's larger sizes in the zone; 0 when there is none. */
  'larger_sizes_return_24h',
  'zone_return_24h',
  'region_return_24h',
  /** The mean 24-hour return of the region's pools that rose by 1 % or more, and their share. */
  'region_rise_speed',
  'region_rising_share',
  /** Hours since the region's prices last said anything new: how old the picture is. */
  'market_age_hours',
] as const;

export type FeatureName = (typeof featureNames)[number];

/** The eight columns of the family-stress hypothesis. */
export const familyStressFeatures = featureNames.slice(0, 8);

/** What the hour, the zone and the region say; they change their meaning from season to season. */
const seasonalFeatures: readonly FeatureName[] = [
  'hour_sin',
  'hour_cos',
  'is_weekend',
  'is_business_hours',
  'zone_return_24h',
  'region_return_24h',
  'region_rise_speed',
  'region_rising_share',
];

/** What a pool learns from the other sizes of its family: left out together to measure what contagion is worth. */
export const contagionFeatures: readonly FeatureName[] = [
  'family_stress_mean',
  'family_stress_max',
  'family_return_24h',
  'family_return_max_24h',
  'larger_sizes_return_24h',
];

/**
 * What a pool's own prices say and those of its type in other zones, and how old they are. Trees that learn from near misses see
 * only these: with the rest they learnt the season that they grew up in. The on-demand price is left out because not everybody has it.
 */
export const ownFeatures: readonly FeatureName[] = featureNames.filter(
  (name) =>
    name !== 'discount_depth' && !seasonalFeatures.includes(name) && !contagionFeatures.includes(name),
);

/** One column of scratch space per feature, indexed by pool. */
export type PoolColumns = Readonly<Record<FeatureName, Float64Array>>;
