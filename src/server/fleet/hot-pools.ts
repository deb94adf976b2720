import { poolKey, type Pool, type PoolKey } from '../../decision/pool.ts';
import type { PoolSignal } from '../../decision/knowledge.ts';
import type { PoolNotice } from './sighting.ts';

/** How long and how strongly a kind of signal counts. */
export interface HeatRule {
  readonly ttlMs: number;
  /** 0..1, at the moment of the notice; it falls in a straight line to 0 at the end of the time to live. */
  readonly initialHeat: number;
}

export type HeatRules = Readonly<Record<PoolNotice['signal'], HeatRule>>;

/** Within three minutes of one interruption, over nine in ten others of the same type and zone follow. */
export const defaultHeatRules: HeatRules = {
  TERMINATION: { ttlMs: 60 * 60_000, initialHeat: 1 },
  REBALANCE: { ttlMs: 20 * 60_000, initialHeat: 0.5 },
};

export interface HotPool {
  readonly pool: PoolKey;
  readonly signal: PoolSignal;
}

/** The pools of which some node has given a signal. In memory: a restarted server fills it from the nodes' marks. */
export class HotPools {
  /** From when each is hot. */
  private readonly latest = new Map<PoolKey, Partial<Record<PoolNotice['signal'], number>>>();
  private readonly rules: HeatRules;

  constructor(rules: HeatRules = defaultHeatRules) {
    this.rules = rules;
  }

  /**
   * The same notice may be heard any number of times; an older one never cools a pool. One of the future counts from now on:
   * whoever hears it remembers when that was first. A time that is now in the future, since our own clock was set back,
   * keeps no later notice out.
   */
  hear({ pool, signal, atMs }: Pick<PoolNotice, 'pool' | 'signal' | 'atMs'>, nowMs = Infinity): void {
    const known = this.latest.get(pool) ?? {};
    const knownMs = known[signal] ?? -Infinity;
    const heardMs = Math.min(atMs, nowMs);
    if (knownMs <= nowMs && knownMs >= heardMs) return;
    this.latest.set(pool, { ...known, [signal]: heardMs });
  }

  /** Undefined for a pool that is not hot at that time, and for anything but Spot. */
  signal(pool: Pick<Pool, 'instanceType' | 'zone' | 'capacityType'>, nowMs: number): PoolSignal | undefined {
    return pool.capacityType === 'on-demand' ? undefined : this.signalOf(poolKey(pool), nowMs);
  }

  /** The hottest first. */
  all(nowMs: number): readonly HotPool[] {
    return [...this.latest.keys()]
      .map((pool) => ({ pool, signal: this.signalOf(pool, nowMs) }))
      .filter((one): one is HotPool => one.signal !== undefined)
      .sort((a, b) => b.signal.heat - a.signal.heat || (a.pool < b.pool ? -1 : 1));
  }

  /** Forgets what has cooled down. */
  sweep(nowMs: number): void {
    for (const pool of this.latest.keys())
      if (this.signalOf(pool, nowMs) === undefined) this.latest.delete(pool);
  }

  /** A termination outranks a rebalance for as long as it is hot. */
  private signalOf(pool: PoolKey, nowMs: number): PoolSignal | undefined {
    const known = this.latest.get(pool);
    return (['TERMINATION', 'REBALANCE'] as const)
      .map((kind) => this.heated(kind, known?.[kind], nowMs))
      .find((one) => one !== undefined);
  }

  private heated(
    kind: PoolNotice['signal'],
    atMs: number | undefined,
    nowMs: number,
  ): PoolSignal | undefined {
    const { ttlMs, initialHeat } = this.rules[kind];
    // Our own clock may have been set back since.
    if (atMs === undefined || nowMs >= atMs + ttlMs || nowMs < atMs - ttlMs) return undefined;
    const ageMs = Math.max(0, nowMs - atMs);
    return { kind, atMs, expiresAtMs: atMs + ttlMs, heat: initialHeat * (1 - ageMs / ttlMs) };
  }
}
