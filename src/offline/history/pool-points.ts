import type { PriceSeries } from '../../learning/price-series.ts';
import type { RowFault } from './history-report.ts';
import { noFaults } from './history-report.ts';
import { isAmbiguousDate } from '../../formats/price-text.ts';
import { PriceRuns } from './price-runs.ts';
import { isZoneId, regionOfZone } from '../../decision/zone-region.ts';

/** Which part of a history is wanted. Everything when left out; the product is `Linux/UNIX` unless told. */
export interface HistoryQuery {
  readonly regions?: readonly string[];
  readonly instanceTypes?: readonly string[];
  /** The price in force then is part of the answer, under its own earlier time. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly product?: string;
  /** This account's zone names → zone ids: with it both spellings of a zone become one pool, under the name. */
  readonly zoneIds?: ReadonlyMap<string, string>;
}

/** Spot instances were first sold in December 2009. */
const spotBeganMs = Date.UTC(2009, 11, 1);
/** Clocks of collectors may run ahead by this much. */
const skewMs = 300_000;
const typeShape = /^[a-z0-9-]+\.[a-z0-9-]+$/;

/** Names that lead to no pool are remembered up to here: a file of nonsense must not fill the memory. */
const mostNames = 100_000;

/** All types in all zones of AWS are some 60,000 pools. */
const mostPools = 150_000;

/** The growing history of one pool. */
export interface PoolPoints {
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  readonly runs: PriceRuns;
  onDemandPerHour: number | undefined;
}

/** What a row's names lead to: the pool, or why the row is not taken. */
export type PoolOrNot = PoolPoints | RowFault | 'not-asked-for';

/** Gathers rows in any order into one series per pool, counting what cannot be used. */
export class PointGatherer {
  readonly #query: HistoryQuery;
  readonly #product: string;
  readonly #latestMs: number;
  readonly #pools = new Map<string, PoolOrNot>();
  readonly #names: ReadonlyMap<string, string>;
  readonly #regions: ReadonlySet<string> | undefined;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #wholePools: ReadonlySet<string>;
  readonly #torn = new Set<string>();
  #poolCount = 0;
  readonly dropped = noFaults();
  rows = 0;
  unchanged = 0;
  notAskedFor = 0;

  /** @param wholePools what {@link torn} held after a first reading: pools of which every row is kept. */
  constructor(query: HistoryQuery, nowMs: number, wholePools: ReadonlySet<string> = new Set()) {
    this.#wholePools = wholePools;
    this.#query = query;
    this.#product = query.product ?? 'Linux/UNIX';
    this.#latestMs = nowMs + skewMs;
    this.#names = new Map([...(query.zoneIds ?? [])].map(([name, id]) => [id, name]));
    this.#regions = query.regions === undefined ? undefined : new Set(query.regions);
    this.#types = query.instanceTypes === undefined ? undefined : new Set(query.instanceTypes);
  }

  /** Empty region: that of the zone. Empty product: the wanted one. */
  poolOf(region: string, zone: string, instanceType: string, product: string): PoolOrNot {
    const key = `${region} ${zone} ${instanceType} ${product}`;
    let known = this.#pools.get(key);
    if (known === undefined) {
      known = this.#newPool(region, zone, instanceType, product);
      if (typeof known !== 'string' || this.#pools.size < mostNames) this.#pools.set(key, known);
    }
    return known;
  }

  /**
   * NaN for a price means that the pool was absent.
   * @param timeText what the time was read from, where it is NaN.
   */
  add(pool: PoolOrNot, atMs: number, price: number, timeText = ''): void {
    this.rows += 1;
    if (typeof pool === 'string') {
      if (pool === 'not-asked-for') this.notAskedFor += 1;
      else this.dropped[pool] += 1;
      return;
    }
    if (atMs !== atMs) this.dropped[isAmbiguousDate(timeText) ? 'ambiguous-time' : 'malformed-time'] += 1;
    else if (price <= 0) this.dropped['price-not-positive'] += 1;
    else if (atMs > this.#latestMs) this.dropped['time-in-future'] += 1;
    else if (atMs < spotBeganMs) this.dropped['time-before-spot'] += 1;
    else if (this.#query.toMs !== undefined && atMs > this.#query.toMs) this.notAskedFor += 1;
    else pool.runs.add(atMs, price);
  }

  drop(fault: RowFault): void {
    this.rows += 1;
    this.dropped[fault] += 1;
  }

  /**
   * One series per pool, by region, type and zone. The gatherer is spent after it. When {@link torn} is not empty then, all must
   * be read once more by a gatherer that is told of these pools.
   */
  series(): readonly PriceSeries[] {
    const pools = new Set<PoolPoints>();
    for (const pool of this.#pools.values()) if (typeof pool !== 'string') pools.add(pool);
    return [...pools]
      .sort(
        (a, b) =>
          compared(a.region, b.region) ||
          compared(a.instanceType, b.instanceType) ||
          compared(a.zone, b.zone),
      )
      .flatMap((pool) => this.#seriesOf(pool) ?? []);
  }

  /** Pools of which rows were left out that would have mattered: other rows, read later, lie between. */
  get torn(): ReadonlySet<string> {
    return this.#torn;
  }

  #newPool(region: string, zone: string, instanceType: string, product: string): PoolOrNot {
    if (!typeShape.test(instanceType)) return 'malformed-type';
    const home = region === '' ? regionOfZone(zone) : region;
    if (zone === '' || home === undefined) return 'unknown-zone';
    if (product !== '' && !sameProduct(product, this.#product)) return 'not-asked-for';
    if (this.#regions?.has(home) === false || this.#types?.has(instanceType) === false)
      return 'not-asked-for';
    const name = isZoneId(zone) ? (this.#names.get(zone) ?? zone) : zone;
    const plain = plainName(home, name, instanceType);
    const known = this.#pools.get(plain);
    if (known !== undefined) return known;
    if (this.#poolCount >= mostPools) return 'too-many-pools';
    this.#poolCount += 1;
    const pool: PoolPoints = {
      region: home,
      zone: name,
      instanceType,
      runs: new PriceRuns(this.#wholePools.has(plain), this.#query.fromMs ?? -Infinity),
      onDemandPerHour: undefined,
    };
    this.#pools.set(plain, pool);
    return pool;
  }

  #seriesOf(pool: PoolPoints): PriceSeries | undefined {
    const { region, zone, instanceType, onDemandPerHour } = pool;
    const settled = pool.runs.settled();
    if (settled === 'torn') {
      this.#torn.add(plainName(region, zone, instanceType));
      return undefined;
    }
    const { atMs, pricePerHour, unchanged, duplicate, conflicting, beforeSpan } = settled;
    this.unchanged += unchanged;
    this.notAskedFor += beforeSpan;
    this.dropped.duplicate += duplicate;
    this.dropped.conflicting += conflicting;
    if (atMs.length === 0) return undefined;
    return {
      region,
      zone,
      instanceType,
      atMs,
      pricePerHour,
      ...(onDemandPerHour === undefined ? {} : { onDemandPerHour }),
    };
  }
}

function plainName(region: string, zone: string, instanceType: string): string {
  return `${region} ${zone} ${instanceType}`;
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** `Linux/UNIX` and `Linux/UNIX (Amazon VPC)` are one product: EC2-Classic is gone. */
function sameProduct(one: string, other: string): boolean {
  return one === other || one.replace(' (Amazon VPC)', '') === other.replace(' (Amazon VPC)', '');
}
