import { poolKey, type PoolKey } from '../../decision/pool.ts';
import type { CapacityFigures } from '../../ports/capacity-manager.ts';
import type { Stretch } from './evidence-spans.ts';
import {
  halfLifeMs,
  nothingMet,
  type FleetEvidence,
  type FleetRecord,
  type PoolRecord,
} from './fleet-record.ts';

/** One pool within one hour or day, as AWS counted it. */
interface Period extends Stretch {
  readonly hours: number;
  readonly interruptions: number;
}

interface PoolPeriods {
  /** Oldest first. */
  readonly periods: readonly Period[];
  /** When the last hour began in which an instance was interrupted; −Infinity: none is known. */
  readonly interruptedAtMs: number;
}

const hourMs = 3_600_000;

/**
 * What EC2 Capacity Manager counted of the account's Spot instances in the fleet's region, whichever cluster they are of; held by
 * zone id, as AWS tells it.
 */
export class AccountRecord {
  #pools = new Map<string, PoolPeriods>();
  #covered: Stretch = { sinceMs: 0, untilMs: 0 };
  #version = 0;

  /** Grows when what is known changes. */
  get version(): number {
    return this.#version;
  }

  /** Of which time it tells for good: the hours that AWS may still correct are left out. */
  get covered(): Stretch {
    return this.#covered;
  }

  /** Puts these periods in the place of all. */
  replace(figures: readonly (CapacityFigures & { readonly periodHours: number })[], covered: Stretch): void {
    const pools = new Map<string, Period[]>();
    for (const { instanceType, zoneId, atMs, periodHours, usageHours, interruptions } of figures) {
      const key = poolKey({ instanceType, zone: zoneId });
      const periods = pools.get(key) ?? [];
      periods.push({
        sinceMs: atMs,
        untilMs: atMs + periodHours * hourMs,
        hours: usageHours ?? 0,
        interruptions: interruptions ?? 0,
      });
      pools.set(key, periods);
    }
    this.#pools = new Map(
      [...pools].map(([key, periods]) => [
        key,
        {
          periods: periods.sort((one, other) => one.sinceMs - other.sinceMs),
          interruptedAtMs: periods.reduce(
            (last, { interruptions, sinceMs }) => (interruptions > 0 ? Math.max(last, sinceMs) : last),
            -Infinity,
          ),
        },
      ]),
    );
    this.#covered = covered;
    this.#version += 1;
  }

  poolKeys(): readonly string[] {
    return [...this.#pools.keys()];
  }

  /** What was met wholly within a stretch, older evidence weighing less; undefined for a pool that AWS never counted. */
  within(
    pool: string,
    { sinceMs, untilMs }: Stretch,
    nowMs: number,
  ): Pick<PoolRecord, 'hours' | 'interruptions' | 'interruptedAtMs'> | undefined {
    const known = this.#pools.get(pool);
    if (known === undefined) return undefined;
    let hours = 0;
    let interruptions = 0;
    for (const period of known.periods) {
      if (period.sinceMs < sinceMs || period.untilMs > untilMs) continue;
      const weight = 0.5 ** (Math.max(0, nowMs - period.untilMs) / halfLifeMs);
      hours += period.hours * weight;
      interruptions += period.interruptions * weight;
    }
    return { hours, interruptions, interruptedAtMs: known.interruptedAtMs };
  }
}

/** Looked up in decisions: the sums of a pool are kept for so long. */
const keptMs = 60_000;

/**
 * The fleet's record and the account's as one. Of a pool and time that the account's record covers it alone is believed, since our
 * own nodes are within it; what is newer, older, or of pools that it does not know comes from our own. No hour and no interruption
 * counts twice.
 */
export class CombinedRecord implements FleetEvidence {
  readonly #own: FleetRecord;
  readonly #account: AccountRecord;
  /** The name of a zone id that is known; anything else as it is. */
  readonly #zoneName: (zone: string) => string;
  #ids = new Map<PoolKey, string>();
  #kept = new Map<PoolKey, PoolRecord | undefined>();
  #keptOf = '';

  constructor(own: FleetRecord, account: AccountRecord, zoneName: (zone: string) => string) {
    this.#own = own;
    this.#account = account;
    this.#zoneName = zoneName;
  }

  get noticesCounted(): number {
    return this.#own.noticesCounted + this.#account.version;
  }

  of(pool: PoolKey, nowMs: number): PoolRecord | undefined {
    this.#refresh(nowMs);
    if (!this.#ids.has(pool)) return this.#own.of(pool, nowMs);
    if (!this.#kept.has(pool)) this.#kept.set(pool, this.#combined(pool, nowMs));
    return this.#kept.get(pool);
  }

  poolKeys(): readonly PoolKey[] {
    this.#refresh(-Infinity);
    return [...new Set([...this.#own.poolKeys(), ...this.#ids.keys()])];
  }

  #combined(pool: PoolKey, nowMs: number): PoolRecord | undefined {
    const { covered } = this.#account;
    const own = this.#own.outside(pool, covered, nowMs);
    const counted = this.#account.within(this.#ids.get(pool) ?? pool, own?.within ?? covered, nowMs);
    if (counted === undefined) return own?.record;
    const outside = own?.record ?? { ...nothingMet, atMs: nowMs };
    return {
      ...outside,
      hours: outside.hours + counted.hours,
      interruptions: outside.interruptions + counted.interruptions,
      interruptedAtMs: Math.max(outside.interruptedAtMs, counted.interruptedAtMs),
      emptyAtMs: Math.max(outside.emptyAtMs, counted.interruptedAtMs),
    };
  }

  /** Zones whose names are not known yet are looked up again with the next minute. */
  #refresh(nowMs: number): void {
    const minute = nowMs === -Infinity ? this.#keptOf.split('/')[0] : String(Math.floor(nowMs / keptMs));
    const of = `${minute}/${this.noticesCounted}`;
    if (of === this.#keptOf) return;
    this.#keptOf = of;
    this.#kept = new Map();
    this.#ids = new Map();
    for (const id of this.#account.poolKeys()) {
      const at = id.indexOf('@');
      const zoneId = id.slice(at + 1);
      const zone = this.#zoneName(zoneId);
      if (zone !== zoneId) this.#ids.set(poolKey({ instanceType: id.slice(0, at), zone }), id);
    }
  }
}
