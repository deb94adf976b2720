import type {
  LabelRequirement,
  PendingPod,
  PreferredNodeTerm,
  SpreadPreference,
} from './scale-up-request.ts';

/** Pods of one workload carry the same wishes: each distinct list of them once. */
export interface WishKinds<Wish> {
  readonly kinds: readonly (readonly Wish[])[];
  /** By pod: its place in `kinds`, −1 for none. */
  readonly ofPod: Int32Array;
}

/**
 * Wishes are told apart by a hash of their texts and then by the texts themselves: writing each out as one name would cost more
 * than judging it.
 */
export function wishKindsOf<Wish extends PreferredNodeTerm | SpreadPreference>(
  pods: readonly PendingPod[],
  wishes: (pod: PendingPod) => readonly Wish[],
): WishKinds<Wish> {
  const kinds: (readonly Wish[])[] = [];
  const places = new Map<number, number[]>();
  const ofPod = new Int32Array(pods.length).fill(-1);
  pods.forEach((pod, index) => {
    const own = wishes(pod);
    if (own.length === 0) return;
    const hash = hashOf(own);
    const alike = places.get(hash) ?? [];
    const place = alike.find((one) => areSame(kinds[one] ?? [], own)) ?? kinds.push(own) - 1;
    if (alike.length === 0) places.set(hash, alike);
    if (!alike.includes(place) && alike.length < longestChain) alike.push(place);
    ofPod[index] = place;
  });
  return { kinds, ofPod };
}

/** Wishes whose hashes were made to collide stop being recognised as repeats; they never cost more comparisons than this. */
const longestChain = 16;

type AnyWish = PreferredNodeTerm | SpreadPreference;

function hashOf(wishes: readonly AnyWish[]): number {
  let hash = 0x811c_9dc5;
  const add = (text: string): void => {
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
    hash = Math.imul(hash ^ text.length, 0x0100_0193);
  };
  for (const wish of wishes) {
    if ('topologyKey' in wish) {
      add(wish.topologyKey);
      hash ^= wish.maxSkew;
      continue;
    }
    hash ^= wish.weight;
    for (const { key, operator, values } of wish.requirements) {
      add(key);
      add(operator);
      for (const value of values) add(value);
    }
  }
  return hash;
}

function areSame(some: readonly AnyWish[], others: readonly AnyWish[]): boolean {
  return some.length === others.length && some.every((wish, at) => isSameWish(wish, others[at]));
}

function isSameWish(one: AnyWish, other: AnyWish | undefined): boolean {
  if (other === undefined) return false;
  if ('topologyKey' in one)
    return 'topologyKey' in other && one.topologyKey === other.topologyKey && one.maxSkew === other.maxSkew;
  if ('topologyKey' in other || one.weight !== other.weight) return false;
  return (
    one.requirements.length === other.requirements.length &&
    one.requirements.every((requirement, at) => isSameRequirement(requirement, other.requirements[at]))
  );
}

function isSameRequirement(one: LabelRequirement, other: LabelRequirement | undefined): boolean {
  return (
    other !== undefined &&
    one.key === other.key &&
    one.operator === other.operator &&
    one.values.length === other.values.length &&
    one.values.every((value, at) => value === other.values[at])
  );
}

/** How many of a candidate's pods have each kind of wish. */
export interface WishCounts {
  readonly wishing: number;
  /** Places in the kinds, ascending, and beside them how many pods are of each. */
  readonly kinds: readonly number[];
  readonly counts: readonly number[];
}

/** Costs as many steps as there are pods, whatever the number of kinds. Options that hold the same pods are counted once. */
export function wishCounter({ kinds, ofPod }: WishKinds<unknown>): (pods: ArrayLike<number>) => WishCounts {
  const tally = new Int32Array(kinds.length);
  const known = new Map<ArrayLike<number>, WishCounts>();
  return (pods) => {
    const before = known.get(pods);
    if (before !== undefined) return before;
    const wishedKinds: number[] = [];
    let wishing = 0;
    for (let place = 0; place < pods.length; place += 1) {
      const kind = ofPod[pods[place] ?? -1] ?? -1;
      if (kind < 0) continue;
      if (tally[kind] === 0) wishedKinds.push(kind);
      tally[kind] = (tally[kind] ?? 0) + 1;
      wishing += 1;
    }
    wishedKinds.sort((one, other) => one - other);
    const counted = { wishing, kinds: wishedKinds, counts: wishedKinds.map((kind) => tally[kind] ?? 0) };
    for (const kind of wishedKinds) tally[kind] = 0;
    known.set(pods, counted);
    return counted;
  };
}
