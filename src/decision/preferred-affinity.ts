import type { Candidate } from './decision-context.ts';
import { absent, LabelValues, type Judge, type ValueId } from './label-values.ts';
import { typeLabel, zoneLabel } from './node-labels.ts';
import type { PreferredNodeTerm } from './scale-up-request.ts';
import type { WishCounts } from './wish-kinds.ts';
import type { WorkAllowance } from './work-allowance.ts';

/** One term, its requirements apart by what they look at. */
interface JudgedTerm {
  readonly weight: number;
  readonly judges: readonly Judge[];
  readonly onZone: readonly Judge[];
  readonly onType: readonly Judge[];
}

/** A value of a label that a candidate's nodes may carry, and in how many of its pools. */
interface Share {
  readonly value: ValueId;
  readonly pools: number;
}

const fewKeys = 8;
const onePool = Int32Array.of(1);

/** What requirements can see of a candidate's nodes. */
interface Look {
  /** Labels that every node carries: places of keys and their values. */
  readonly labels: readonly (readonly [place: number, value: ValueId])[];
  readonly pools: number;
  readonly zones: readonly Share[];
  readonly types: readonly Share[];
  /** By place in `zones` times the number of types, and place in `types`: in how many pools both are. */
  readonly both: Int32Array;
  /** Degrees by kind, once judged. */
  readonly known: Map<number, number>;
  /** The same for the lists of kinds that were asked for: groups that look alike are mostly offered for the same pods. */
  readonly lists: Map<WishCounts, readonly number[]>;
}

/**
 * How far candidates meet preferred node affinity: for a kind of terms the weight of those that a node satisfies, as a share of
 * the weight of all, and the mean over the pools in which a node may land. A node has the labels of the group's template, with
 * the zone and type of its pool.
 */
export class PreferredAffinity {
  readonly #values: LabelValues;
  readonly #kinds: readonly (readonly JudgedTerm[])[];
  readonly #looks = new Map<Candidate, Look>();
  readonly #work: WorkAllowance;
  /** The values of the candidate in hand, by place of their key. */
  readonly #shown: Int32Array;

  constructor(
    kinds: readonly (readonly PreferredNodeTerm[])[],
    candidates: readonly Candidate[],
    work: WorkAllowance,
  ) {
    this.#work = work;
    this.#values = new LabelValues(keysOf(kinds));
    const alike = new Map<string, Look>();
    const ofOnePool = new Map<ValueId, Map<ValueId, Look>>();
    for (const candidate of candidates)
      this.#looks.set(candidate, this.#sharedLook(candidate, alike, ofOnePool));
    this.#shown = new Int32Array(this.#values.keyCount);
    this.#kinds = kinds.map((terms) => terms.filter(isWeighed).map((term) => this.#judged(term)));
  }

  /** 0..1 for each of the kinds, in their order; short once the work allowance is spent. */
  degreesOf(candidate: Candidate, counts: WishCounts): readonly number[] {
    const look = this.#looks.get(candidate) ?? this.#lookOf(candidate);
    const before = look.lists.get(counts);
    if (before !== undefined) return before;
    for (const [place, value] of look.labels) this.#shown[place] = value;
    const degrees: number[] = [];
    for (const kind of counts.kinds) {
      const degree = look.known.get(kind) ?? this.#degreeOf(this.#kinds[kind] ?? [], look);
      if (degree === undefined) break;
      look.known.set(kind, degree);
      degrees.push(degree);
    }
    for (const [place] of look.labels) this.#shown[place] = absent;
    look.lists.set(counts, degrees);
    return degrees;
  }

  #degreeOf(terms: readonly JudgedTerm[], look: Look): number | undefined {
    let all = 0;
    let matched = 0;
    for (const term of terms) {
      if (!this.#work.takes(stepsOf(term, look))) return undefined;
      all += term.weight;
      if (term.judges.every(({ place, holds }) => holds(this.#shown[place] ?? absent)))
        matched += term.weight * poolsMeeting(term, look);
    }
    return all === 0 ? 0 : matched / (all * look.pools);
  }

  /** The look of a candidate, one object for all that look alike. */
  #sharedLook(
    candidate: Candidate,
    alike: Map<string, Look>,
    ofOnePool: Map<ValueId, Map<ValueId, Look>>,
  ): Look {
    const { labels, pools } = candidate;
    const shown = this.#shownBy(labels);
    if (shown.length > 0 || pools.length > 1) {
      const look = this.#lookOf(candidate, shown);
      const name = nameOf(look);
      const before = alike.get(name) ?? look;
      alike.set(name, before);
      return before;
    }
    // Most groups have one pool and no other label that pods ask for: type and zone are all there is to see of them.
    const zone = this.#idOf(zoneLabel, labels[zoneLabel]);
    const type = this.#idOf(typeLabel, labels[typeLabel]);
    const ofZone = ofOnePool.get(zone) ?? new Map<ValueId, Look>();
    ofOnePool.set(zone, ofZone);
    const before = ofZone.get(type) ?? this.#lookOf(candidate, shown);
    ofZone.set(type, before);
    return before;
  }

  #idOf(key: string, value: string | undefined): ValueId {
    return value === undefined ? absent : (this.#values.valueOf(key, value)?.id ?? absent);
  }

  #lookOf({ labels, pools }: Candidate, shown = this.#shownBy(labels)): Look {
    const idOf = (key: string, value: string | undefined): ValueId => this.#idOf(key, value);
    const landing =
      pools.length > 1
        ? pools.map(
            ({ zone, instanceType }) => [idOf(zoneLabel, zone), idOf(typeLabel, instanceType)] as const,
          )
        : [[idOf(zoneLabel, labels[zoneLabel]), idOf(typeLabel, labels[typeLabel])] as const];
    const [only] = landing;
    if (only !== undefined && landing.length === 1) {
      const [zone, type] = only;
      return {
        ...{ labels: shown, pools: 1, both: onePool, known: new Map(), lists: new Map() },
        zones: [{ value: zone, pools: 1 }],
        types: [{ value: type, pools: 1 }],
      };
    }
    const zones = sharesOf(landing.map(([zone]) => zone));
    const types = sharesOf(landing.map(([, type]) => type));
    const both = new Int32Array(zones.length * types.length);
    const typePlaces = placesOf(types);
    const zonePlaces = placesOf(zones);
    for (const [zone, type] of landing) {
      const at = (zonePlaces.get(zone) ?? 0) * types.length + (typePlaces.get(type) ?? 0);
      both[at] = (both[at] ?? 0) + 1;
    }
    return { labels: shown, pools: landing.length, zones, types, both, known: new Map(), lists: new Map() };
  }

  /** Nodes carry dozens of labels, and pods mostly ask for one or two of them. */
  #shownBy(labels: Candidate['labels']): Look['labels'] {
    const shown: [place: number, value: ValueId][] = [];
    const see = (key: string, value: string | undefined): void => {
      const found = isOfPool(key) || value === undefined ? undefined : this.#values.valueOf(key, value);
      if (found !== undefined) shown.push([found.place, found.id]);
    };
    if (this.#values.keyCount > fewKeys) for (const [key, value] of Object.entries(labels)) see(key, value);
    else for (const key of this.#values.keys()) if (Object.hasOwn(labels, key)) see(key, labels[key]);
    return shown;
  }

  #judged({ weight, requirements }: PreferredNodeTerm): JudgedTerm {
    const judges = requirements.map((requirement) => this.#values.judgeOf(requirement));
    return {
      weight,
      judges: judges.filter(({ key }) => !isOfPool(key)),
      onZone: judges.filter(({ key }) => key === zoneLabel),
      onType: judges.filter(({ key }) => key === typeLabel),
    };
  }
}

function keysOf(kinds: readonly (readonly PreferredNodeTerm[])[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const terms of kinds)
    for (const { requirements } of terms) for (const { key } of requirements) keys.add(key);
  return keys;
}

function isWeighed({ weight }: PreferredNodeTerm): boolean {
  return weight > 0 && weight <= 100;
}

function isOfPool(key: string): boolean {
  return key === zoneLabel || key === typeLabel;
}

function nameOf({ labels, zones, types, both }: Look): string {
  const parts = [labels.flat(), zones.map(({ value }) => value), types.map(({ value }) => value), both];
  return parts.map((part) => part.join(',')).join(';');
}

function sharesOf(values: readonly ValueId[]): readonly Share[] {
  const pools = new Map<ValueId, number>();
  for (const value of values) pools.set(value, (pools.get(value) ?? 0) + 1);
  return [...pools].map(([value, count]) => ({ value, pools: count }));
}

function placesOf(shares: readonly Share[]): ReadonlyMap<ValueId, number> {
  return new Map(shares.map(({ value }, place) => [value, place]));
}

function stepsOf({ judges, onZone, onType }: JudgedTerm, { zones, types }: Look): number {
  const zoneSteps = onZone.length * zones.length;
  const typeSteps = onType.length * types.length;
  return 1 + judges.length + (zoneSteps > 0 && typeSteps > 0 ? zoneSteps * typeSteps : zoneSteps + typeSteps);
}

/** In how many of its pools a node of this look meets what the term says of zone and type. */
function poolsMeeting({ onZone, onType }: JudgedTerm, { pools, zones, types, both }: Look): number {
  if (onZone.length === 0 && onType.length === 0) return pools;
  if (onType.length === 0) return poolsOf(zones, onZone);
  if (onZone.length === 0) return poolsOf(types, onType);
  let meeting = 0;
  zones.forEach(({ value: zone }, zonePlace) => {
    if (!onZone.every(({ holds }) => holds(zone))) return;
    types.forEach(({ value: type }, typePlace) => {
      if (onType.every(({ holds }) => holds(type)))
        meeting += both[zonePlace * types.length + typePlace] ?? 0;
    });
  });
  return meeting;
}

function poolsOf(shares: readonly Share[], judges: readonly Judge[]): number {
  let meeting = 0;
  for (const { value, pools } of shares) if (judges.every(({ holds }) => holds(value))) meeting += pools;
  return meeting;
}
