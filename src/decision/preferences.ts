import type { Candidate } from './decision-context.ts';
import { hostnameLabel, typeLabel, zoneLabel } from './node-labels.ts';
import type { Pool } from './pool.ts';
import type {
  LabelRequirement,
  PendingPod,
  PreferredNodeTerm,
  SpreadPreference,
} from './scale-up-request.ts';

type Labels = Readonly<Record<string, string>>;

/** How far a candidate meets what its pods would like, and how many of its pods would like anything. */
export interface Met {
  /** 0..1, mean over the pods that have the preference. */
  readonly degree: number;
  /** 0..1, their share of the candidate's pods. */
  readonly share: number;
}

export interface Preferences {
  /** Preferred node affinity; undefined when no pod of the candidate has any. */
  readonly affinityOf: (candidate: Candidate) => Met | undefined;
  /** ScheduleAnyway topology spread; undefined when no pod of the candidate has any. */
  readonly spreadOf: (candidate: Candidate) => Met | undefined;
}

/**
 * Preferences of the pending pods against a set of candidates. Pods of one workload carry the same wishes, so each
 * distinct wish is judged once for a candidate, however many pods share it.
 */
export function preferencesOf(pods: readonly PendingPod[], candidates: readonly Candidate[]): Preferences {
  const terms = kindsOf(pods, (pod) => pod.preferredNodeTerms);
  const spreads = kindsOf(pods, (pod) => pod.spreadPreferences);
  const offered = offeredDomains(
    candidates,
    new Set(spreads.kinds.flatMap((kind) => kind.map(({ topologyKey }) => topologyKey))),
  );
  return {
    affinityOf: (candidate) =>
      met(candidate, terms, (kind) => {
        const views = labelViews(candidate);
        return views.reduce((sum, labels) => sum + matchedShare(kind, labels), 0) / views.length;
      }),
    spreadOf: (candidate) =>
      met(
        candidate,
        spreads,
        (kind, count) =>
          kind.reduce((sum, { topologyKey }) => {
            const possible = Math.min(offered.get(topologyKey) ?? 0, count);
            const here = Math.min(domainsIn(candidate, topologyKey), candidate.nodeCount, count);
            return sum + (possible === 0 ? 0 : here / possible);
          }, 0) / kind.length,
      ),
  };
}

interface Kinds<Wish> {
  readonly kinds: readonly (readonly Wish[])[];
  /** By pod: its place in `kinds`, −1 for none. */
  readonly ofPod: Int32Array;
}

function kindsOf<Wish extends PreferredNodeTerm | SpreadPreference>(
  pods: readonly PendingPod[],
  wishes: (pod: PendingPod) => readonly Wish[],
): Kinds<Wish> {
  const kinds: (readonly Wish[])[] = [];
  const places = new Map<string, number>();
  const ofPod = new Int32Array(pods.length).fill(-1);
  pods.forEach((pod, index) => {
    const own = wishes(pod);
    if (own.length === 0) return;
    const name = JSON.stringify(own);
    const place = places.get(name) ?? kinds.push(own) - 1;
    places.set(name, place);
    ofPod[index] = place;
  });
  return { kinds, ofPod };
}

function met<Wish>(
  { pods }: Candidate,
  { kinds, ofPod }: Kinds<Wish>,
  degreeOf: (kind: readonly Wish[], count: number) => number,
): Met | undefined {
  if (kinds.length === 0) return undefined;
  const counts = new Int32Array(kinds.length);
  let wishing = 0;
  for (let place = 0; place < pods.length; place++) {
    const kind = ofPod[pods[place] ?? -1] ?? -1;
    if (kind < 0) continue;
    counts[kind] = (counts[kind] ?? 0) + 1;
    wishing += 1;
  }
  if (wishing === 0) return undefined;
  let sum = 0;
  kinds.forEach((kind, place) => {
    const count = counts[place] ?? 0;
    if (count > 0) sum += count * degreeOf(kind, count);
  });
  return { degree: Math.min(1, sum / wishing), share: wishing / pods.length };
}

/**
 * The labels that nodes of the candidate may carry: the template's, with the zone and type of each pool that a node
 * may land in.
 */
function labelViews({ labels, pools }: Candidate): readonly Labels[] {
  if (pools.length <= 1) return [labels];
  return pools.map((pool: Pool) => ({ ...labels, [zoneLabel]: pool.zone, [typeLabel]: pool.instanceType }));
}

/** Weight of the terms that the labels satisfy, as a share of the weight of all. */
function matchedShare(terms: readonly PreferredNodeTerm[], labels: Labels): number {
  let all = 0;
  let matched = 0;
  for (const { weight, requirements } of terms) {
    if (!(weight > 0) || weight > 100) continue;
    all += weight;
    if (requirements.every((requirement) => satisfies(labels, requirement))) matched += weight;
  }
  return all === 0 ? 0 : matched / all;
}

/** A label requirement as the scheduler reads it: NotIn is met by an absent label, Gt and Lt compare whole numbers. */
export function satisfies(labels: Labels, { key, operator, values }: LabelRequirement): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return whole(value) > whole(values[0]);
    case 'Lt':
      return whole(value) < whole(values[0]);
  }
}

/** NaN, and so never greater or less, for what is not a whole number. */
function whole(text: string | undefined): number {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
}

function domainsIn({ pools, labels, nodeCount }: Candidate, topologyKey: string): number {
  if (topologyKey === hostnameLabel) return nodeCount;
  if (topologyKey === zoneLabel && pools.length > 0) return new Set(pools.map(({ zone }) => zone)).size;
  return labels[topologyKey] === undefined ? 0 : 1;
}

/** How many domains all candidates together offer for each key: what a pod could hope for. */
function offeredDomains(
  candidates: readonly Candidate[],
  topologyKeys: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  return new Map(
    [...topologyKeys].map((key) => {
      if (key === hostnameLabel)
        return [key, candidates.reduce((most, { nodeCount }) => Math.max(most, nodeCount), 0)];
      const values = candidates.flatMap(({ pools, labels }) =>
        key === zoneLabel && pools.length > 0 ? pools.map(({ zone }) => zone) : (labels[key] ?? []),
      );
      return [key, new Set(values).size];
    }),
  );
}
