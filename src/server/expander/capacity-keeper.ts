import {
  emptyCapacityMemory,
  remembered,
  type CapacityEvent,
  type CapacityMemory,
} from '../../decision/capacity-memory.ts';
import {
  cooldownOf,
  groupCooldownOf,
  restKeyOf,
  type RestingClass,
  type RestKey,
} from '../../decision/capacity-rests.ts';
import type { CapacityCooldown } from '../../decision/knowledge.ts';
import type { Policy } from '../../decision/policy.ts';
import type { Pool } from '../../decision/pool.ts';
import {
  entryOfRest,
  restKey,
  restOfEntry,
  type RecordChange,
  type RestEntry,
} from '../../formats/capacity-record.ts';
import type { Clock } from '../../ports/clock.ts';

/** What happens on this server; what others tell comes by `hear`. */
export type OwnCapacityEvent = Exclude<CapacityEvent, { readonly kind: 'heard' }>;

/**
 * The memory of what did not deliver, kept between requests. All of its times are durations, so it lives by the clock that
 * never jumps: a wall clock that is set back must not make a class rest for longer, one that is set ahead make a choice look
 * undelivered. Only what is written down for others, or for a later start, is on the wall clock.
 */
export interface CapacityKeeper {
  /** When something happened is when it is told. Never throws: a fault in the memory must not cost an answer. */
  readonly tell: (event: OwnCapacityEvent) => void;
  readonly cooldown: (pool: Pool) => CapacityCooldown | undefined;
  /** The rest of a group alone. */
  readonly groupCooldown: (nodeGroupId: string) => CapacityCooldown | undefined;
  /** Why on-demand goes before Spot for the pods of the request that was told last. */
  readonly onDemandFirst: () => string | undefined;
  /** What rests now, to be written down. */
  readonly entries: () => readonly RestEntry[];
  /**
   * What others have seen begin and end, or this server before a restart. Whatever their clocks say, nothing rests for longer than
   * the policy's time from when it is heard first.
   */
  readonly hear: (begun: readonly RestEntry[], ended: readonly RestEntry[]) => void;
}

export interface CapacityKeeperOptions {
  readonly policy: Policy;
  readonly clock: Clock;
  /** Who writes what is written down. */
  readonly by: string;
  /** A class, or a group, rests from now on, with the evidence. */
  readonly onRest: (resting: RestingClass) => void;
  /** What has begun and ended here, once for each event that changed anything. */
  readonly onChange?: (change: RecordChange) => void;
  /** Whether a group is known to have all the nodes that it may have. */
  readonly isAtMaximum?: (nodeGroupId: string, labels: Readonly<Record<string, string>>) => boolean;
  readonly onFault: (error: unknown) => void;
}

export function capacityKeeper(options: CapacityKeeperOptions): CapacityKeeper {
  const { policy, clock, by } = options;
  let memory = emptyCapacityMemory;
  /** As each rest was first written down: the same words from then on, so that others know it again. */
  const written = new Map<RestKey, RestEntry>();
  /** What the memory calls a time, on the wall clock of now. */
  const onTheWall = (atMs: number): number => clock.nowMs() + (atMs - clock.monotonicMs());
  const onTheWallOf = <Rest extends RestingClass>(rest: Rest): Rest => ({
    ...rest,
    sinceMs: onTheWall(rest.sinceMs),
    untilMs: onTheWall(rest.untilMs),
  });
  const cooldownOnTheWall = (found: CapacityCooldown | undefined): CapacityCooldown | undefined =>
    found === undefined ? undefined : { ...found, untilMs: onTheWall(found.untilMs) };

  function tellChange({ begun, ended }: CapacityMemory): void {
    if (begun.length === 0 && ended.length === 0) return;
    const over = ended.flatMap((rest) => written.get(restKeyOf(rest)) ?? []);
    for (const rest of ended) written.delete(restKeyOf(rest));
    const fresh = begun.flatMap((rest) => entryOfRest(onTheWallOf(rest), by) ?? []);
    for (const entry of fresh) written.set(restKey(entry), entry);
    options.onChange?.({ begun: fresh, ended: over });
  }

  function withGroups(event: OwnCapacityEvent): OwnCapacityEvent {
    const { isAtMaximum } = options;
    if (event.kind !== 'asked' || isAtMaximum === undefined) return event;
    const { nodes } = event.request;
    return { ...event, isAtMaximum: (id) => isAtMaximum(id, nodes.get(id)?.labels ?? {}) };
  }

  /** An entry of the wall clock on ours; one that is known by the same words ends no later than it would have. */
  function heard(entry: RestEntry, atMs: number): RestingClass {
    const rest = restOfEntry(entry);
    const nowMs = clock.nowMs();
    const left = Math.min(rest.untilMs - nowMs, policy.cooldownMs);
    const known =
      written.get(restKey(entry))?.since === entry.since ? memory.resting.get(restKey(entry)) : undefined;
    return {
      ...rest,
      sinceMs: atMs - Math.max(0, nowMs - rest.sinceMs),
      untilMs: Math.min(atMs + left, known?.untilMs ?? Infinity),
    };
  }

  return {
    tell: (event) => {
      try {
        memory = remembered(memory, { ...withGroups(event), atMs: clock.monotonicMs() }, policy);
      } catch (error) {
        memory = emptyCapacityMemory;
        written.clear();
        options.onFault(error);
        return;
      }
      for (const resting of memory.begun) options.onRest(onTheWallOf(resting));
      tellChange(memory);
    },
    onDemandFirst: () => memory.onDemandFirst,
    cooldown: (pool) => cooldownOnTheWall(cooldownOf(memory, pool, clock.monotonicMs())),
    groupCooldown: (id) => cooldownOnTheWall(groupCooldownOf(memory, id, clock.monotonicMs())),
    entries: () => {
      const atMs = clock.monotonicMs();
      for (const key of written.keys()) if (!memory.resting.has(key)) written.delete(key);
      return [...memory.resting].flatMap(([key, { untilMs }]) =>
        untilMs > atMs ? (written.get(key) ?? []) : [],
      );
    },
    hear: (begun, ended) => {
      const atMs = clock.monotonicMs();
      const rests = begun.map((entry) => heard(entry, atMs));
      const over = ended.filter((entry) => written.get(restKey(entry))?.since === entry.since);
      memory = remembered(memory, { kind: 'heard', atMs, begun: rests, ended: over.map(restKey) }, policy);
      for (const entry of over) written.delete(restKey(entry));
      rests.forEach((rest, index) => {
        const entry = begun[index];
        // Known by the words of whoever has the longer rest.
        if (entry !== undefined && memory.resting.get(restKey(entry)) === rest)
          written.set(restKey(entry), entry);
      });
    },
  };
}
