import type { PriceSeries } from '../learning/price-series.ts';
import type { RowFault } from './history-report.ts';
import { noFaults } from './history-report.ts';
import { isZoneId, regionOfAnyZone } from './zone-region.ts';

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

/** The growing change points of one pool. */
export interface PoolPoints {
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  atMs: Float64Array;
  pricePerHour: Float64Array;
  count: number;
  ascending: boolean;
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
  readonly dropped = noFaults();
  rows = 0;
  unchanged = 0;
  notAskedFor = 0;

  constructor(query: HistoryQuery, nowMs: number) {
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
      this.#pools.set(key, known);
    }
    return known;
  }

  /** NaN for a price means that the pool was absent. */
  add(pool: PoolOrNot, atMs: number, price: number): void {
    this.rows += 1;
    if (typeof pool === 'string') {
      if (pool === 'not-asked-for') this.notAskedFor += 1;
      else this.dropped[pool] += 1;
      return;
    }
    if (atMs !== atMs) this.dropped['malformed-time'] += 1;
    else if (price <= 0) this.dropped['price-not-positive'] += 1;
    else if (atMs > this.#latestMs) this.dropped['time-in-future'] += 1;
    else if (atMs < spotBeganMs) this.dropped['time-before-spot'] += 1;
    else if (this.#query.toMs !== undefined && atMs > this.#query.toMs) this.notAskedFor += 1;
    else this.#keep(pool, atMs, price);
  }

  drop(fault: RowFault): void {
    this.rows += 1;
    this.dropped[fault] += 1;
  }

  /** One series per pool, by region, type and zone. The gatherer is spent after it. */
  series(): readonly PriceSeries[] {
    const pools = new Set<PoolPoints>();
    for (const pool of this.#pools.values()) if (typeof pool !== 'string' && pool.count > 0) pools.add(pool);
    return [...pools]
      .sort(
        (a, b) =>
          compared(a.region, b.region) ||
          compared(a.instanceType, b.instanceType) ||
          compared(a.zone, b.zone),
      )
      .map((pool) => this.#seriesOf(pool));
  }

  #newPool(region: string, zone: string, instanceType: string, product: string): PoolOrNot {
    if (!typeShape.test(instanceType)) return 'malformed-type';
    const home = region === '' ? regionOfAnyZone(zone) : region;
    if (zone === '' || home === undefined) return 'unknown-zone';
    if (product !== '' && !sameProduct(product, this.#product)) return 'not-asked-for';
    if (this.#regions?.has(home) === false || this.#types?.has(instanceType) === false)
      return 'not-asked-for';
    const name = isZoneId(zone) ? (this.#names.get(zone) ?? zone) : zone;
    const plain = `${home} ${name} ${instanceType}`;
    const known = this.#pools.get(plain);
    if (known !== undefined) return known;
    const pool: PoolPoints = {
      region: home,
      zone: name,
      instanceType,
      atMs: new Float64Array(16),
      pricePerHour: new Float64Array(16),
      count: 0,
      ascending: true,
      onDemandPerHour: undefined,
    };
    this.#pools.set(plain, pool);
    return pool;
  }

  #keep(pool: PoolPoints, atMs: number, price: number): void {
    const { fromMs } = this.#query;
    const last = pool.count - 1;
    const lastMs = pool.atMs[last] ?? -Infinity;
    if (fromMs !== undefined && atMs <= fromMs && last === 0 && lastMs <= fromMs) {
      // Of what lies before the span only the latest counts: memory stays bounded however long the history is.
      this.notAskedFor += 1;
      if (atMs >= lastMs) {
        pool.atMs[0] = atMs;
        pool.pricePerHour[0] = price;
      }
      return;
    }
    if (pool.count === pool.atMs.length) {
      pool.atMs = doubled(pool.atMs);
      pool.pricePerHour = doubled(pool.pricePerHour);
    }
    if (atMs <= lastMs) pool.ascending = false;
    pool.atMs[pool.count] = atMs;
    pool.pricePerHour[pool.count] = price;
    pool.count += 1;
  }

  #seriesOf(pool: PoolPoints): PriceSeries {
    const times = pool.atMs.subarray(0, pool.count);
    const prices = pool.pricePerHour.subarray(0, pool.count);
    const order = pool.ascending ? undefined : stableOrder(times);
    const atMs = new Float64Array(pool.count);
    const pricePerHour = new Float64Array(pool.count);
    const fromMs = this.#query.fromMs ?? -Infinity;
    let kept = 0;
    for (let index = 0; index < pool.count; index += 1) {
      const from = order?.[index] ?? index;
      const at = times[from] ?? NaN;
      const price = prices[from] ?? NaN;
      if (kept > 0 && atMs[kept - 1] === at) {
        if (isSame(pricePerHour[kept - 1] ?? NaN, price)) this.dropped.duplicate += 1;
        else this.dropped.conflicting += 1;
        pricePerHour[kept - 1] = price;
        continue;
      }
      if (kept === 1 && at <= fromMs) kept = 0;
      if (kept > 0 && isSame(pricePerHour[kept - 1] ?? NaN, price)) {
        this.unchanged += 1;
        continue;
      }
      atMs[kept] = at;
      pricePerHour[kept] = price;
      kept += 1;
    }
    const { region, zone, instanceType, onDemandPerHour } = pool;
    return {
      region,
      zone,
      instanceType,
      atMs: atMs.slice(0, kept),
      pricePerHour: pricePerHour.slice(0, kept),
      ...(onDemandPerHour === undefined ? {} : { onDemandPerHour }),
    };
  }
}

function isSame(one: number, other: number): boolean {
  return one === other || (one !== one && other !== other);
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** `Linux/UNIX` and `Linux/UNIX (Amazon VPC)` are one product: EC2-Classic is gone. */
function sameProduct(one: string, other: string): boolean {
  return one === other || one.replace(' (Amazon VPC)', '') === other.replace(' (Amazon VPC)', '');
}

function doubled(values: Float64Array): Float64Array {
  const more = new Float64Array(values.length * 2);
  more.set(values);
  return more;
}

/** Indices by time; rows of the same time stay in the order in which they were read. */
function stableOrder(times: Float64Array): Uint32Array {
  const order = Uint32Array.from(times, (_, index) => index);
  return order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
}
