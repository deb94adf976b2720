import type { Candidate } from './decision-context.ts';
import { hostnameLabel, zoneLabel } from './node-labels.ts';
import type { FleetView } from './knowledge.ts';
import type { SpreadPreference } from './scale-up-request.ts';
import type { Surroundings } from './surroundings.ts';
import type { WishCounts } from './wish-kinds.ts';
import type { WorkAllowance } from './work-allowance.ts';

/**
 * How far candidates meet ScheduleAnyway topology spread: the domains over which a candidate can spread pods of one kind, as a
 * share of those that all groups have, whichever of them are on offer. Over zones, where the fleet is in view, half of it is how
 * far nodes there even out what runs in each zone.
 */
export class PreferredSpread {
  /** Place of each topology key. */
  readonly #keys = new Map<string, number>();
  /** By kind, the places of its keys. */
  readonly #kinds: readonly Int32Array[];
  /** By place: how many domains all groups have, what a pod could hope for; Infinity where each node has its own. */
  readonly #offered: Float64Array;
  readonly #fleet: FleetView | undefined;
  readonly #zonePlace: number | undefined;
  /** Of the zones over which pods would be spread: nodes in the emptiest and in the fullest; undefined where nothing is to be evened out. */
  readonly #extremes: Extremes | undefined;
  /** The same of the candidate in hand. */
  readonly #domains: Float64Array;
  readonly #work: WorkAllowance;

  constructor(
    kinds: readonly (readonly SpreadPreference[])[],
    domains: Surroundings['domains'],
    fleet: FleetView | undefined,
    work: WorkAllowance,
  ) {
    this.#work = work;
    this.#kinds = kinds.map((kind) => Int32Array.from(kind, ({ topologyKey }) => this.#placeOf(topologyKey)));
    this.#domains = new Float64Array(this.#keys.size);
    this.#offered = Float64Array.from(this.#keys.keys(), (key) => domains(key)?.length ?? Infinity);
    this.#fleet = fleet;
    this.#zonePlace = this.#keys.get(zoneLabel);
    this.#extremes = extremesOf(this.#zonePlace === undefined ? [] : (domains(zoneLabel) ?? []), fleet);
  }

  /** 0..1 for each of the kinds, in their order; short once the work allowance is spent. */
  degreesOf(candidate: Candidate, { kinds, counts }: WishCounts): readonly number[] {
    const shown = this.#domainsOf(candidate);
    for (const [place, domains] of shown) this.#domains[place] = domains;
    const evened = evenedOut(candidate, this.#extremes, this.#fleet);
    const degrees: number[] = [];
    for (let at = 0; at < kinds.length; at += 1) {
      const keys = this.#kinds[kinds[at] ?? -1] ?? new Int32Array(0);
      if (!this.#work.takes(keys.length + 1)) break;
      degrees.push(this.#degreeOf(keys, counts[at] ?? 0, candidate.nodeCount, evened));
    }
    for (const [place] of shown) this.#domains[place] = 0;
    return degrees;
  }

  #degreeOf(keys: Int32Array, count: number, nodeCount: number, evened: number | undefined): number {
    let sum = 0;
    for (const place of keys) {
      const possible = Math.min(this.#offered[place] ?? 0, count);
      const here = Math.min(this.#domains[place] ?? 0, nodeCount, count);
      const reached = possible === 0 ? 0 : Math.min(1, here / possible);
      sum += evened !== undefined && place === this.#zonePlace ? (reached + evened) / 2 : reached;
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
      shown.push([zones, pools.length === 1 ? 1 : new Set(pools.map(({ zone }) => zone)).size]);
    return shown;
  }
}

interface Extremes {
  readonly fewest: number;
  readonly most: number;
}

function extremesOf(zones: readonly string[], fleet: FleetView | undefined): Extremes | undefined {
  if (fleet === undefined || zones.length === 0) return undefined;
  let fewest = Infinity;
  let most = 0;
  for (const zone of zones) {
    const nodes = fleet.inZone(zone);
    fewest = Math.min(fewest, nodes);
    most = Math.max(most, nodes);
  }
  return { fewest, most };
}

/**
 * How far nodes in the candidate's zones even out what runs in each zone: 1 where the fewest nodes are. Undefined where no fleet
 * is in view.
 */
function evenedOut(
  { pools, nodeCount }: Candidate,
  extremes: Extremes | undefined,
  fleet: FleetView | undefined,
): number | undefined {
  if (fleet === undefined || extremes === undefined || pools.length === 0) return undefined;
  const { fewest, most } = extremes;
  if (!(most > fewest)) return 1;
  let sum = 0;
  for (const { zone } of pools) {
    const behind = Math.min(most - fewest, Math.max(0, most - fleet.inZone(zone)));
    sum += (behind + nodeCount) / (most - fewest + nodeCount);
  }
  return sum / pools.length;
}
