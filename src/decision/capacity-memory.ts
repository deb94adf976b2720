import {
  afterDelivery,
  awakeAt,
  classOf,
  restKeyOf,
  withRests,
  type CapacityClass,
  type RestingClass,
  type RestKey,
  type Rests,
} from './capacity-rests.ts';
import type { ScaleUpDecision } from './decision.ts';
import { groupNameOf } from './node-labels.ts';
import type { Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import type { ScaleUpRequest } from './scale-up-request.ts';
import { namesOf, stillWaiting, waitingPods } from './waiting-pods.ts';
import type { WaitingPods } from './waiting-pods.ts';

/** A node group that was answered, until it has delivered, failed or been forgotten. */
export interface WatchedChoice {
  readonly nodeGroupId: string;
  /** What its nodes call the group; undefined where no label tells. */
  readonly groupName: string | undefined;
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

/** A node of a class that came to a group which is known by name. */
export interface Delivery {
  readonly capacityClass: CapacityClass;
  readonly groupName: string;
  readonly atMs: number;
}

/** Plain data, bounded, never changed in place. */
export interface CapacityMemory {
  /** Oldest first. */
  readonly watched: readonly WatchedChoice[];
  readonly resting: Rests;
  /** What the last event set to rest, and what it woke before its time: for the log and for whoever shares the memory. */
  readonly begun: readonly RestingClass[];
  readonly ended: readonly RestingClass[];
  /** Oldest first. */
  readonly delivered: readonly Delivery[];
  /** Oldest first. */
  readonly struggles: readonly Struggle[];
  /** Why on-demand goes before Spot for the pods of the last request; undefined while it does not. */
  readonly onDemandFirst: string | undefined;
}

export type CapacityEvent =
  /** A request arrived: tell it before deciding. */
  | {
      readonly kind: 'asked';
      readonly atMs: number;
      readonly request: ScaleUpRequest;
      /** Whether a group is known to have as many nodes as it may; false where nothing tells. */
      readonly isAtMaximum?: (nodeGroupId: string) => boolean;
    }
  /** It was answered. */
  | {
      readonly kind: 'answered';
      readonly atMs: number;
      readonly request: ScaleUpRequest;
      readonly decision: ScaleUpDecision;
    }
  /** A new node of this pool was seen; of which group, where a label tells. */
  | {
      readonly kind: 'node-appeared';
      readonly atMs: number;
      readonly pool: Pool;
      readonly groupName?: string | undefined;
    }
  /** Others who share the memory, or this one before a restart, have seen these rests begin and those end. */
  | {
      readonly kind: 'heard';
      readonly atMs: number;
      readonly begun: readonly RestingClass[];
      readonly ended: readonly RestKey[];
    };

export const emptyCapacityMemory: CapacityMemory = {
  watched: [],
  resting: new Map(),
  begun: [],
  ended: [],
  delivered: [],
  struggles: [],
  onDemandFirst: undefined,
};

const mostWatched = 64;
const mostDelivered = 256;
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
 *    looks the same where its maximum is not known: known to be at it, it has not failed), or
 *  - it is offered again for them later than an autoscaler takes to act: its nodes never came.
 * Pods are told apart by their uid. Where a request has none, pods of one shape count together, all of them must
 * still wait, and only the first evidence counts.
 * A node that appears in the pool ends the rest, and the watch once as many have come as were asked for: of twenty that were
 * asked for one is not enough while the pods still wait. Of a single node that was asked for, a live node in the map of
 * a group that had none tells the same.
 * A node of its class that came to another group meanwhile, or comes later, tells that the group is at fault: it rests alone.
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
      return afterRequest(memory, event, policy);
    case 'answered':
      return { ...memory, watched: watchedAfter(memory.watched, event), begun: [], ended: [] };
    case 'node-appeared':
      return afterNode(memory, event);
    case 'heard':
      return afterWord(memory, event);
  }
}

function afterRequest(
  memory: CapacityMemory,
  { request, atMs, isAtMaximum = () => false }: CapacityEvent & { readonly kind: 'asked' },
  policy: MemoryPolicy,
): CapacityMemory {
  const resting = awakeAt(memory.resting, atMs);
  if (memory.watched.length === 0 && memory.struggles.length === 0)
    return { ...memory, resting, begun: [], ended: [], onDemandFirst: undefined };
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
    // It got what it could: that the rest of its pods wait is no word on capacity.
    if (!offered.has(choice.nodeGroupId) && isAtMaximum(choice.nodeGroupId)) return false;
    if (choice.pools.some(({ capacityType }) => capacityType !== 'on-demand'))
      struggles = struggledAgain(struggles, choice, names);
    begun.push(...restsAfter(choice, evidence.sentence, memory.delivered, atMs, policy));
    return false;
  });
  return {
    watched,
    resting: withRests(resting, begun),
    begun,
    ended: [],
    delivered: memory.delivered,
    struggles,
    onDemandFirst: whyOnDemandFirst(struggles, atMs, policy),
  };
}

/** Every class of the choice; the group alone where another got a node of one of them since. */
function restsAfter(
  { nodeGroupId, groupName, pools, atMs: chosenAtMs }: WatchedChoice,
  sentence: string,
  delivered: readonly Delivery[],
  atMs: number,
  { cooldownMs }: MemoryPolicy,
): readonly RestingClass[] {
  const rest = { untilMs: atMs + cooldownMs, sinceMs: atMs, nodeGroupId, groupName, evidence: sentence };
  const classes = pools.map((pool) => ({
    ...rest,
    of: 'class' as const,
    pool,
    capacityClass: classOf(pool),
  }));
  for (const one of classes) {
    const sibling = delivered.findLast(
      (delivery) =>
        delivery.capacityClass === one.capacityClass &&
        delivery.atMs >= chosenAtMs &&
        groupName !== undefined &&
        delivery.groupName !== groupName,
    );
    if (sibling !== undefined)
      return [
        {
          ...one,
          of: 'group',
          evidence: `${sentence}; ${sibling.groupName} got this type in this zone meanwhile, so the group alone rests`,
        },
      ];
  }
  return classes;
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
      groupName: groupNameOf(request.nodes.get(nodeGroupId)?.labels ?? {}),
      pools: chosen.pools,
      fromZero: (request.nodes.get(nodeGroupId)?.providerId ?? '') === '',
      nodesAsked: chosen.nodeCount,
      nodesCome: 0,
      isOneOfSeveral: decision.answer.length > 1,
    };
    return [...known.filter((one) => one !== before), choice].slice(-mostWatched);
  }, watched);
}

function afterNode(
  memory: CapacityMemory,
  { pool, atMs, groupName }: CapacityEvent & { readonly kind: 'node-appeared' },
): CapacityMemory {
  const appeared = classOf(pool);
  const isOf = (choice: WatchedChoice) =>
    choice.atMs <= atMs &&
    (groupName === undefined || choice.groupName === undefined || choice.groupName === groupName) &&
    choice.pools.some((one) => classOf(one) === appeared);
  // A node is of one group: of those that it may be of, the choice that waits longest has it.
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
    ...afterDelivery(memory.resting, appeared, groupName),
    watched: counted,
    delivered:
      groupName === undefined
        ? memory.delivered
        : [
            ...memory.delivered.filter(
              (one) =>
                atMs - one.atMs <= watchMs &&
                !(one.capacityClass === appeared && one.groupName === groupName),
            ),
            { capacityClass: appeared, groupName, atMs },
          ].slice(-mostDelivered),
  };
}

/** What others tell is neither begun nor ended here: it is not told again. A rest that is known goes on as long as the longer of both. */
function afterWord(
  memory: CapacityMemory,
  { begun, ended, atMs }: CapacityEvent & { readonly kind: 'heard' },
): CapacityMemory {
  const over = new Set(ended);
  const left =
    over.size === 0 ? memory.resting : new Map([...memory.resting].filter(([key]) => !over.has(key)));
  const news = begun.filter(
    (one) => one.untilMs > atMs && one.untilMs > (left.get(restKeyOf(one))?.untilMs ?? -Infinity),
  );
  return { ...memory, resting: withRests(left, news), begun: [], ended: [] };
}
