import type { Candidate } from './decision-context.ts';
import { hostnameLabel, zoneLabel } from './node-labels.ts';
import type { SpreadPreference } from './scale-up-request.ts';
import type { WishCounts } from './wish-kinds.ts';
import type { WorkAllowance } from './work-allowance.ts';

/**
 * How far candidates meet ScheduleAnyway topology spread: the domains over which a candidate can spread pods of one kind, as a
 * share of those that all candidates together offer them.
 */
export class PreferredSpread {
  /** Place of each topology key. */
  readonly #keys = new Map<string, number>();
  /** By kind, the places of its keys. */
  readonly #kinds: readonly Int32Array[];
  /** By place: how many domains all candidates together offer, what a pod could hope for. */
  readonly #offered: Float64Array;
  /** The same of the candidate in hand. */
  readonly #domains: Float64Array;
  readonly #work: WorkAllowance;

  constructor(
    kinds: readonly (readonly SpreadPreference[])[],
    candidates: readonly Candidate[],
    work: WorkAllowance,
  ) {
    this.#work = work;
    this.#kinds = kinds.map((kind) => Int32Array.from(kind, ({ topologyKey }) => this.#placeOf(topologyKey)));
    this.#domains = new Float64Array(this.#keys.size);
    this.#offered = this.#offeredBy(candidates);
  }

  /** 0..1 for each of the kinds, in their order; short once the work allowance is spent. */
  degreesOf(candidate: Candidate, { kinds, counts }: WishCounts): readonly number[] {
    const shown = this.#domainsOf(candidate);
    for (const [place, domains] of shown) this.#domains[place] = domains;
    const degrees: number[] = [];
    for (let at = 0; at < kinds.length; at += 1) {
      const keys = this.#kinds[kinds[at] ?? -1] ?? new Int32Array(0);
      if (!this.#work.takes(keys.length + 1)) break;
      degrees.push(this.#degreeOf(keys, counts[at] ?? 0, candidate.nodeCount));
    }
    for (const [place] of shown) this.#domains[place] = 0;
    return degrees;
  }

  #degreeOf(keys: Int32Array, count: number, nodeCount: number): number {
    let sum = 0;
    for (const place of keys) {
      const possible = Math.min(this.#offered[place] ?? 0, count);
      const here = Math.min(this.#domains[place] ?? 0, nodeCount, count);
      sum += possible === 0 ? 0 : here / possible;
    }
    return sum / keys.length;
  }

  #placeOf(key: string): number {
    const place = this.#keys.get(key) ?? this.#keys.size;
    this.#keys.set(key, place);
    return place;
  }

  /** Over how many domains of each key the candidate's nodes can spread. Zones are told by its pools where it has any. */
  #domainsOf(candidate: Candidate): readonly (readonly [place: number, domains: number])[] {
    const { labels, pools, nodeCount } = candidate;
    const shown: [place: number, domains: number][] = [];
    for (const key of Object.keys(labels)) {
      const place = this.#keys.get(key);
      if (place !== undefined) shown.push([place, 1]);
    }
    const hostnames = this.#keys.get(hostnameLabel);
    const zones = this.#keys.get(zoneLabel);
    // What comes later outranks what comes before it.
    if (hostnames !== undefined) shown.push([hostnames, nodeCount]);
    if (zones !== undefined && pools.length > 0)
      shown.push([zones, new Set(pools.map(({ zone }) => zone)).size]);
    return shown;
  }

  #offeredBy(candidates: readonly Candidate[]): Float64Array {
    const values = [...this.#keys].map(([key]) => ({ key, values: new Set<string>() }));
    const zones = this.#keys.get(zoneLabel) ?? -1;
    for (const { labels, pools } of candidates) {
      for (const [key, value] of Object.entries(labels)) {
        const place = this.#keys.get(key);
        if (place !== undefined && (place !== zones || pools.length === 0)) values[place]?.values.add(value);
      }
      for (const { zone } of pools) values[zones]?.values.add(zone);
    }
    const mostNodes = candidates.reduce((most, { nodeCount }) => Math.max(most, nodeCount), 0);
    return Float64Array.from(values, ({ key, values: { size } }) =>
      key === hostnameLabel ? mostNodes : size,
    );
  }
}
