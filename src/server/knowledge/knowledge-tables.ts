import type { AdvisorBand, InstanceTypeFacts, Knowledge, PoolPrices } from '../../decision/knowledge.ts';
import { onDemandPerUnitOf } from '../../decision/on-demand-unit.ts';
import { poolKey, type Pool, type PoolKey } from '../../decision/pool.ts';
import { regionOfZone } from '../../decision/zone-region.ts';
import type { ObservedPrice } from './price-window.ts';
import type { StaticIntelligence } from '../../formats/static-intelligence-document.ts';
import { zoneNames } from './zone-names.ts';

/** What the sources have said so far. */
export interface Sources {
  readonly file: StaticIntelligence | undefined;
  /** Where a pool is taken to be whose region nobody tells; the file's own region where it is left out. */
  readonly region?: string;
  /** Zone name → id, as the account says. */
  readonly accountZones: ReadonlyMap<string, string>;
  readonly accountTypes: ReadonlyMap<string, InstanceTypeFacts>;
  readonly marketPrices: ReadonlyMap<PoolKey, ObservedPrice>;
}

type Place = Pick<Pool, 'instanceType' | 'zone' | 'region'>;

/** Look-ups over all sources, built anew when one of them changes; pools are found by zone name or zone id. */
export interface KnowledgeTables {
  readonly key: (pool: Place) => PoolKey;
  /** The name of a zone id that is known; anything else as it is. */
  readonly zoneName: (zone: string) => string;
  /** The zone names that are only the usual dealing, as name → id; empty where the account or the file's author tells them. */
  readonly assumedZones: ReadonlyMap<string, string>;
  readonly instanceType: (instanceType: string) => InstanceTypeFacts | undefined;
  readonly advisorBand: (pool: Place) => AdvisorBand | undefined;
  readonly onDemandPerHour: (instanceType: string, region: string) => number | undefined;
  /** The middle price of a unit on demand in the file's region. */
  readonly onDemandPerUnit: NonNullable<Knowledge['onDemandPerUnit']>;
  /** A Spot price observed before `notBeforeMs` is left out. */
  readonly prices: (pool: Place, notBeforeMs: number) => PoolPrices | undefined;
  /** Of all Spot prices; undefined when there is none. */
  readonly newestSpotMs: number | undefined;
  readonly spotPrices: number;
  /** The Spot pools that have a price, and every type whose size is known. */
  readonly offerings: Offerings;
}

export interface Offerings {
  readonly pools: readonly Pool[];
  readonly instanceTypes: readonly string[];
}

export function knowledgeTables(sources: Sources): KnowledgeTables {
  const { file, accountTypes } = sources;
  const zones = zoneNames(file?.zoneIds ?? new Map(), sources.accountZones);
  const key = ({ instanceType, zone }: Pick<Place, 'instanceType' | 'zone'>): PoolKey =>
    poolKey({ instanceType, zone: zones.nameOf(zone) });
  const named = <Value>(entries: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
    new Map([...entries].map(([one, value]) => [keyByName(one, zones.nameOf), value]));
  const advisor = named(file?.advisor ?? new Map<string, AdvisorBand>());
  const ownRegion = sources.region ?? file?.region ?? '';
  const onDemand = file?.onDemand ?? new Map<string, number>();
  const spot = spotPrices(named, sources);

  // A key without a place speaks of the file's own region, and of no other.
  const inFileRegion = (region: string): boolean => region === file?.region;
  const advisorPlaces = placesIn(advisor);
  const onDemandPlaces = placesIn(onDemand);
  const onDemandPerHour = (instanceType: string, named: string): number | undefined => {
    const region = named === '' ? ownRegion : named;
    return (
      (onDemandPlaces.has(region) ? onDemand.get(`${instanceType}@${region}`) : undefined) ??
      (inFileRegion(region) ? onDemand.get(instanceType) : undefined)
    );
  };
  const regionOf = (pool: Place): string => pool.region || (regionOfZone(pool.zone) ?? ownRegion);

  const instanceType = (type: string) => accountTypes.get(type) ?? file?.instanceTypes.get(type);
  const pricedTypes = [...onDemand.keys()].flatMap((priced) => {
    const [type = '', region = ''] = priced.split('@');
    const facts = instanceType(type);
    const price = onDemand.get(priced);
    return facts === undefined || price === undefined || !(region === '' || inFileRegion(region))
      ? []
      : [{ facts, onDemandPerHour: price }];
  });

  const isAssumed = file?.zonesAreAssumed === true && sources.accountZones.size === 0;

  return {
    key,
    zoneName: zones.nameOf,
    assumedZones: isAssumed ? file.zoneIds : new Map(),
    onDemandPerUnit: onDemandPerUnitOf(pricedTypes),
    instanceType,
    advisorBand(pool) {
      const region = regionOf(pool);
      const zone = zones.nameOf(pool.zone);
      return (
        (advisorPlaces.has(zone) ? advisor.get(`${pool.instanceType}@${zone}`) : undefined) ??
        (advisorPlaces.has(region) ? advisor.get(`${pool.instanceType}@${region}`) : undefined) ??
        (inFileRegion(region) ? advisor.get(pool.instanceType) : undefined)
      );
    },
    onDemandPerHour,
    prices(pool, notBeforeMs) {
      const onDemandPrice = onDemandPerHour(pool.instanceType, regionOf(pool));
      const found = spot.get(key(pool));
      const observed = found !== undefined && found.observedAtMs >= notBeforeMs ? found : undefined;
      if (onDemandPrice === undefined && observed === undefined) return undefined;
      if (observed === undefined)
        return onDemandPrice === undefined ? {} : { onDemandPerHour: onDemandPrice };
      const spotPrice = { spotPerHour: observed.pricePerHour, spotObservedAtMs: observed.observedAtMs };
      return onDemandPrice === undefined ? spotPrice : { onDemandPerHour: onDemandPrice, ...spotPrice };
    },
    newestSpotMs: newest(spot),
    spotPrices: spot.size,
    offerings: {
      pools: [...spot.keys()].map((key) => spotPool(key, ownRegion)),
      instanceTypes: [...new Set([...(file?.instanceTypes.keys() ?? []), ...accountTypes.keys()])],
    },
  };
}

/** The zones and regions that keys name beside a type: where there are none, none is looked for. */
function placesIn(entries: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const places = new Set<string>();
  for (const entry of entries.keys()) {
    const at = entry.indexOf('@');
    if (at >= 0) places.add(entry.slice(at + 1));
  }
  return places;
}

/** A zone that tells no region is taken to be in the own one. */
function spotPool(name: string, ownRegion: string): Pool {
  const at = name.indexOf('@');
  const zone = name.slice(at + 1);
  return {
    instanceType: name.slice(0, at),
    zone,
    region: regionOfZone(zone) ?? ownRegion,
    capacityType: 'spot',
  };
}

/** Of a file's price and the market's, the one that was observed later. */
function spotPrices(
  named: (entries: ReadonlyMap<string, ObservedPrice>) => ReadonlyMap<string, ObservedPrice>,
  sources: Sources,
): ReadonlyMap<string, ObservedPrice> {
  const prices = new Map(named(sources.file?.spot ?? new Map<string, ObservedPrice>()));
  for (const [key, price] of named(sources.marketPrices)) {
    const known = prices.get(key);
    if (known === undefined || known.observedAtMs <= price.observedAtMs) prices.set(key, price);
  }
  return prices;
}

function keyByName(key: string, nameOf: (zone: string) => string): string {
  const at = key.indexOf('@');
  return at < 0 ? key : `${key.slice(0, at)}@${nameOf(key.slice(at + 1))}`;
}

function newest(prices: ReadonlyMap<string, ObservedPrice>): number | undefined {
  let newestMs: number | undefined;
  for (const { observedAtMs } of prices.values())
    if (newestMs === undefined || observedAtMs > newestMs) newestMs = observedAtMs;
  return newestMs;
}
