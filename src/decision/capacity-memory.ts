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

/** A node group that was answered, until it has delivered, failed or been forgotten. */
export interface WatchedChoice {
  readonly nodeGroupId: string;
  readonly pools: readonly Pool[];
  readonly atMs: number;
  /** The pods that it was to serve. */
  readonly pods: WaitingPods;
  /** The group had no live node then: its template was invented. */
  readonly fromZero: boolean;
  /** Nodes that were asked for, and those of its pools that have come since. */
  readonly nodesAsked: number;
  readonly nodesCome: number;
  /** It was one of several ids: the autoscaler draws, so only that it vanished tells of it. */
  readonly isOneOfSeveral: boolean;
}

/** Pods that Spot was chosen for in vain. */
export interface Struggle {
  readonly pods: WaitingPods;
  /** Choices of Spot for them that failed. */
  readonly failures: number;
  /** When the first of these choices was made. */
  readonly sinceMs: number;
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
  /** Oldest first. */
  readonly struggles: readonly Struggle[];
  /** Why on-demand goes before Spot for the pods of the last request; undefined while it does not. */
  readonly onDemandFirst: string | undefined;
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

export const emptyCapacityMemory: CapacityMemory = {
  watched: [],
  resting: new Map(),
  begun: [],
  struggles: [],
  onDemandFirst: undefined,
};

const mostWatched = 64;
const mostResting = 1024;
const mostStruggles = 32;
/** An autoscaler gives a node 15 minutes to come and a failed group up to 30 minutes of back-off. */
const watchMs = 45 * 60_000;
/** An autoscaler that asks again sooner may not have acted yet. */
const actsWithinMs = 120_000;

export type MemoryPolicy = Pick<Policy, 'cooldownMs' | 'spotFailures' | 'spotWaitMs'>;

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
 * A node that appears in the pool ends the rest, and the watch once as many have come as were asked for: of twenty that were
 * asked for one is not enough while the pods still wait. Of a single node that was asked for, a live node in the map of
 * a group that had none tells the same.
 * An answer of several ids watches each of them: the autoscaler draws one, so it is no evidence that one is offered again.
 * A type that rests in two zones is suspect in every other.
 * Pods that Spot was chosen for in vain, `spotFailures` times or for `spotWaitMs`, are served on demand first until they no longer
 * wait.
 * Not seen: pods that fit no offered group are in no option, so a failure that leaves no alternative is noticed when
 * the group returns.
 */
export function remembered(
  memory: CapacityMemory,
  event: CapacityEvent,
  policy: MemoryPolicy,
): CapacityMemory {
  switch (event.kind) {
    case 'asked':
      return afterRequest(memory, event.request, event.atMs, policy);
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
  if (found !== undefined && found.untilMs > nowMs) return found;
  return suspected(resting, pool, nowMs);
}

/** A type that is short in two zones is taken to be so in the others, until the first of the two is back. */
function suspected(
  resting: CapacityMemory['resting'],
  { instanceType, capacityType }: Pool,
  nowMs: number,
): CapacityCooldown | undefined {
  if (resting.size < 2) return undefined;
  const short = shortTypesOf(resting).get(`${instanceType}/${capacityType}`) ?? [];
  const now = short.filter(({ untilMs }) => untilMs > nowMs);
  const zones = [...new Set(now.map(({ pool: { zone } }) => zone))];
  if (zones.length < 2) return undefined;
  return {
    untilMs: now.reduce((first, { untilMs }) => Math.min(first, untilMs), Infinity),
    evidence: `${instanceType} was short in ${zones.join(' and ')}`,
  };
}

/** By type and capacity type; made once for each state of the memory, since every pool of a request asks. */
const shortTypes = new WeakMap<CapacityMemory['resting'], ReadonlyMap<string, readonly RestingClass[]>>();

function shortTypesOf(resting: CapacityMemory['resting']): ReadonlyMap<string, readonly RestingClass[]> {
  const known = shortTypes.get(resting);
  if (known !== undefined) return known;
  const made = Map.groupBy(resting.values(), ({ pool }) => `${pool.instanceType}/${pool.capacityType}`);
  shortTypes.set(resting, made);
  return made;
}

export function classOf(pool: Pool): CapacityClass {
  return `${poolKey(pool)}/${pool.capacityType}`;
}

function afterRequest(
  memory: CapacityMemory,
  request: ScaleUpRequest,
  atMs: number,
  policy: MemoryPolicy,
): CapacityMemory {
  const { cooldownMs } = policy;
  const awake = [...memory.resting].filter(([, { untilMs }]) => untilMs > atMs);
  const resting = awake.length === memory.resting.size ? memory.resting : new Map(awake);
  if (memory.watched.length === 0 && memory.struggles.length === 0)
    return { ...memory, resting, begun: [], onDemandFirst: undefined };
  const offered = new Set(request.options.map(({ nodeGroupId }) => nodeGroupId));
  const names = namesOf(request.pods);
  const begun: RestingClass[] = [];
  let struggles: readonly Struggle[] = memory.struggles.filter(
    ({ pods, sinceMs }) => stillWaiting(pods, names) * 2 >= pods.count && atMs - sinceMs <= struggleMs,
  );
  const watched = memory.watched.filter((choice) => {
    if (atMs - choice.atMs > watchMs || (choice.nodesAsked === 1 && hasLiveNode(choice, request)))
      return false;
    const evidence = evidenceAgainst(choice, offered, names, atMs);
    if (evidence.kind !== 'failed') return evidence.kind === 'none';
    const rest = {
      untilMs: atMs + cooldownMs,
      sinceMs: atMs,
      nodeGroupId: choice.nodeGroupId,
      evidence: evidence.sentence,
    };
    if (choice.pools.some(({ capacityType }) => capacityType !== 'on-demand'))
      struggles = struggledAgain(struggles, choice, names);
    begun.push(...choice.pools.map((pool) => ({ ...rest, pool, capacityClass: classOf(pool) })));
    return false;
  });
  return {
    watched,
    resting: withResting(resting, begun),
    begun,
    struggles,
    onDemandFirst: whyOnDemandFirst(struggles, atMs, policy),
  };
}

/** As long as pods that nobody can serve may wait before they count as new ones. */
const struggleMs = 6 * 3_600_000;

function struggledAgain(
  struggles: readonly Struggle[],
  { pods, atMs }: WatchedChoice,
  names: ReadonlyMap<string, number>,
): readonly Struggle[] {
  const before = struggles.find((one) => stillWaiting(one.pods, pods.byName) * 2 >= one.pods.count);
  const now: Struggle =
    before === undefined
      ? { pods, failures: 1, sinceMs: atMs }
      : { ...before, failures: before.failures + 1 };
  if (stillWaiting(now.pods, names) === 0) return struggles;
  return [...struggles.filter((one) => one !== before), now].slice(-mostStruggles);
}

function whyOnDemandFirst(
  struggles: readonly Struggle[],
  atMs: number,
  { spotFailures, spotWaitMs }: MemoryPolicy,
): string | undefined {
  const hard = struggles.find(
    ({ failures, sinceMs }) => failures >= spotFailures || atMs - sinceMs >= spotWaitMs,
  );
  return hard === undefined
    ? undefined
    : `on-demand first: Spot was chosen ${hard.failures} times in vain for pods that wait for ${ageText(atMs - hard.sinceMs)}`;
}

type Evidence =
  { readonly kind: 'none' | 'delivered' } | { readonly kind: 'failed'; readonly sentence: string };

const none: Evidence = { kind: 'none' };

function evidenceAgainst(
  { nodeGroupId, pods, atMs: chosenAtMs, nodesAsked, nodesCome, isOneOfSeveral }: WatchedChoice,
  offered: ReadonlySet<string>,
  names: ReadonlyMap<string, number>,
  atMs: number,
): Evidence {
  const still = stillWaiting(pods, names);
  if (pods.toldBy === 'shape' && still < pods.count) return { kind: 'delivered' };
  if (still * 2 < pods.count || still === 0) return none;
  const age = ageText(atMs - chosenAtMs);
  const come = nodesCome === 0 ? '' : `, ${nodesCome} of ${nodesAsked} nodes came`;
  const wait = `${still} of the ${pods.count} pods it was chosen for ${age} ago still wait${come}`;
  if (!offered.has(nodeGroupId))
    return offered.size === 0
      ? none
      : { kind: 'failed', sentence: `${nodeGroupId} is no longer offered while ${wait}` };
  return !isOneOfSeveral && pods.toldBy === 'uid' && atMs - chosenAtMs >= actsWithinMs
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
  return decision.answer.slice(0, mostWatched).reduce((known, nodeGroupId) => {
    const chosen = decision.ranked.find(({ id }) => id === nodeGroupId);
    const option = request.options.find((one) => one.nodeGroupId === nodeGroupId);
    if (chosen === undefined || option === undefined || chosen.pools.length === 0) return known;
    const pods = waitingPods(request.pods, option.pods);
    if (pods.count === 0) return known;
    const before = known.find((choice) => choice.nodeGroupId === nodeGroupId);
    // The same answer for the same pods is no new choice: its age goes on counting.
    if (before !== undefined && stillWaiting(before.pods, pods.byName) * 2 >= before.pods.count) return known;
    const choice: WatchedChoice = {
      ...{ nodeGroupId, atMs, pods },
      pools: chosen.pools,
      fromZero: (request.nodes.get(nodeGroupId)?.providerId ?? '') === '',
      nodesAsked: chosen.nodeCount,
      nodesCome: 0,
      isOneOfSeveral: decision.answer.length > 1,
    };
    return [...known.filter((one) => one !== before), choice].slice(-mostWatched);
  }, watched);
}

function afterNode(memory: CapacityMemory, pool: Pool, atMs: number): CapacityMemory {
  const appeared = classOf(pool);
  const isOf = (choice: WatchedChoice) =>
    choice.atMs <= atMs && choice.pools.some((one) => classOf(one) === appeared);
  // A node is of one group: the choice that waits longest has it.
  const owner = memory.watched.find(isOf);
  const counted =
    owner === undefined
      ? memory.watched
      : memory.watched.flatMap((choice) => {
          if (choice !== owner) return choice;
          const nodesCome = choice.nodesCome + 1;
          return nodesCome >= choice.nodesAsked ? [] : { ...choice, nodesCome };
        });
  return {
    ...memory,
    watched: counted,
    resting: new Map([...memory.resting].filter(([capacityClass]) => capacityClass !== appeared)),
    begun: [],
  };
}
