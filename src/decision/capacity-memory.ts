import type { ScaleUpDecision } from './decision.ts';
import type { CapacityCooldown } from './knowledge.ts';
import type { Policy } from './policy.ts';
import type { CapacityType, Pool } from './pool.ts';
import { poolKey } from './pool.ts';
import type { ScaleUpRequest } from './scale-up-request.ts';
import { namesOf, stillWaiting, waitingPods } from './waiting-pods.ts';
import type { WaitingPods } from './waiting-pods.ts';

/** `type@zone/capacity type`: what runs dry together. */
export type CapacityClass = `${string}@${string}/${CapacityType}`;

/** A node group that was answered alone, until it has delivered, failed or been forgotten. */
export interface WatchedChoice {
  readonly nodeGroupId: string;
  readonly pools: readonly Pool[];
  readonly atMs: number;
  /** The pods that it was to serve. */
  readonly pods: WaitingPods;
  /** The group had no live node then: its template was invented. */
  readonly fromZero: boolean;
}

export interface RestingClass extends CapacityCooldown {
  readonly capacityClass: CapacityClass;
  readonly pool: Pool;
  readonly nodeGroupId: string;
  readonly sinceMs: number;
}

/** Plain data, bounded, never changed in place. */
export interface CapacityMemory {
  /** Oldest first. */
  readonly watched: readonly WatchedChoice[];
  readonly resting: ReadonlyMap<CapacityClass, RestingClass>;
  /** The classes that the last event set to rest: for the log. */
  readonly begun: readonly RestingClass[];
}

export type CapacityEvent =
  /** A request arrived: tell it before deciding. */
  | { readonly kind: 'asked'; readonly atMs: number; readonly request: ScaleUpRequest }
  /** It was answered. */
  | {
      readonly kind: 'answered';
      readonly atMs: number;
      readonly request: ScaleUpRequest;
      readonly decision: ScaleUpDecision;
    }
  /** A new node of this pool was seen. */
  | { readonly kind: 'node-appeared'; readonly atMs: number; readonly pool: Pool };

export const emptyCapacityMemory: CapacityMemory = { watched: [], resting: new Map(), begun: [] };

const mostWatched = 64;
const mostResting = 1024;
/** An autoscaler gives a node 15 minutes to come and a failed group up to 30 minutes of back-off. */
const watchMs = 45 * 60_000;
/** An autoscaler that asks again sooner may not have acted yet. */
const actsWithinMs = 120_000;

/**
 * What is known of capacity after one more event.
 *
 * An expander is never told whether its answer delivered nodes. Requests that follow are the evidence, and it is
 * indirect: a group that is missing from the options is in back-off, at its maximum, or does not fit, and these look
 * the same. So a group rests only when the very pods that it was chosen for still wait, which excludes "does not fit"
 * (it did, for these pods) and "has delivered", and when either
 *  - it is no longer offered while other groups are (back-off after a failure; a group that hit its maximum half-way
 *    looks the same), or
 *  - it is offered again for them later than an autoscaler takes to act: its nodes never came.
 * Pods are told apart by their uid. Where a request has none, pods of one shape count together, all of them must
 * still wait, and only the first evidence counts.
 * A node that appears in the pool, or in the node map of a group that had none, ends the watch and the rest.
 * Not seen: pods that fit no offered group are in no option, so a failure that leaves no alternative is noticed when
 * the group returns.
 * An answer of several ids is not watched: the autoscaler draws among them.
 */
export function remembered(
  memory: CapacityMemory,
  event: CapacityEvent,
  policy: Pick<Policy, 'cooldownMs'>,
): CapacityMemory {
  switch (event.kind) {
    case 'asked':
      return afterRequest(memory, event.request, event.atMs, policy.cooldownMs);
    case 'answered':
      return { ...memory, watched: watchedAfter(memory.watched, event), begun: [] };
    case 'node-appeared':
      return afterNode(memory, event.pool, event.atMs);
  }
}

/** The rest of a pool's class; undefined when it does not rest. */
export function cooldownOf(
  { resting }: CapacityMemory,
  pool: Pool,
  nowMs: number,
): CapacityCooldown | undefined {
  const found = resting.get(classOf(pool));
  return found !== undefined && found.untilMs > nowMs ? found : undefined;
}

export function classOf(pool: Pool): CapacityClass {
  return `${poolKey(pool)}/${pool.capacityType}`;
}

function afterRequest(
  memory: CapacityMemory,
  request: ScaleUpRequest,
  atMs: number,
  cooldownMs: number,
): CapacityMemory {
  const awake = [...memory.resting].filter(([, { untilMs }]) => untilMs > atMs);
  const resting = awake.length === memory.resting.size ? memory.resting : new Map(awake);
  if (memory.watched.length === 0) return { ...memory, resting, begun: [] };
  const offered = new Set(request.options.map(({ nodeGroupId }) => nodeGroupId));
  const names = namesOf(request.pods);
  const begun: RestingClass[] = [];
  const watched = memory.watched.filter((choice) => {
    if (atMs - choice.atMs > watchMs || hasLiveNode(choice, request)) return false;
    const evidence = evidenceAgainst(choice, offered, names, atMs);
    if (evidence.kind !== 'failed') return evidence.kind === 'none';
    const rest = {
      untilMs: atMs + cooldownMs,
      sinceMs: atMs,
      nodeGroupId: choice.nodeGroupId,
      evidence: evidence.sentence,
    };
    begun.push(...choice.pools.map((pool) => ({ ...rest, pool, capacityClass: classOf(pool) })));
    return false;
  });
  return { watched, resting: withResting(resting, begun), begun };
}

type Evidence =
  { readonly kind: 'none' | 'delivered' } | { readonly kind: 'failed'; readonly sentence: string };

const none: Evidence = { kind: 'none' };

function evidenceAgainst(
  { nodeGroupId, pods, atMs: chosenAtMs }: WatchedChoice,
  offered: ReadonlySet<string>,
  names: ReadonlyMap<string, number>,
  atMs: number,
): Evidence {
  const still = stillWaiting(pods, names);
  if (pods.toldBy === 'shape' && still < pods.count) return { kind: 'delivered' };
  if (still * 2 < pods.count || still === 0) return none;
  const age = ageText(atMs - chosenAtMs);
  const wait = `${still} of the ${pods.count} pods it was chosen for ${age} ago still wait`;
  if (!offered.has(nodeGroupId))
    return offered.size === 0
      ? none
      : { kind: 'failed', sentence: `${nodeGroupId} is no longer offered while ${wait}` };
  return pods.toldBy === 'uid' && atMs - chosenAtMs >= actsWithinMs
    ? { kind: 'failed', sentence: `${nodeGroupId} is offered again while ${wait}` }
    : none;
}

function ageText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function hasLiveNode({ nodeGroupId, fromZero }: WatchedChoice, { nodes }: ScaleUpRequest): boolean {
  return fromZero && (nodes.get(nodeGroupId)?.providerId ?? '') !== '';
}

/** The newest last; those that would exceed the bound end first. */
function withResting(
  resting: CapacityMemory['resting'],
  begun: readonly RestingClass[],
): CapacityMemory['resting'] {
  if (begun.length === 0) return resting;
  const after = new Map(resting);
  for (const one of begun) {
    after.delete(one.capacityClass);
    after.set(one.capacityClass, one);
  }
  return new Map([...after].slice(-mostResting));
}

function watchedAfter(
  watched: readonly WatchedChoice[],
  { atMs, request, decision }: CapacityEvent & { readonly kind: 'answered' },
): readonly WatchedChoice[] {
  const [nodeGroupId, ...others] = decision.answer;
  const chosen = decision.ranked.find(({ id }) => id === nodeGroupId);
  const option = request.options.find((one) => one.nodeGroupId === nodeGroupId);
  if (nodeGroupId === undefined || others.length > 0 || chosen === undefined || option === undefined)
    return watched;
  const pods = waitingPods(request.pods, option.pods);
  if (pods.count === 0 || chosen.pools.length === 0) return watched;
  const before = watched.find((choice) => choice.nodeGroupId === nodeGroupId);
  // The same answer for the same pods is no new choice: its age goes on counting.
  if (before !== undefined && stillWaiting(before.pods, pods.byName) * 2 >= before.pods.count) return watched;
  const fromZero = (request.nodes.get(nodeGroupId)?.providerId ?? '') === '';
  const rest = watched.filter((choice) => choice !== before);
  return [...rest, { nodeGroupId, pools: chosen.pools, atMs, pods, fromZero }].slice(-mostWatched);
}

function afterNode(memory: CapacityMemory, pool: Pool, atMs: number): CapacityMemory {
  const appeared = classOf(pool);
  const delivered = (choice: WatchedChoice) =>
    choice.atMs <= atMs && choice.pools.some((one) => classOf(one) === appeared);
  return {
    watched: memory.watched.filter((choice) => !delivered(choice)),
    resting: new Map([...memory.resting].filter(([capacityClass]) => capacityClass !== appeared)),
    begun: [],
  };
}
