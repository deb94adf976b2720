import {
  cooldownOf,
  emptyCapacityMemory,
  remembered,
  type CapacityEvent,
  type RestingClass,
} from '../../decision/capacity-memory.ts';
import type { CapacityCooldown } from '../../decision/knowledge.ts';
import type { Policy } from '../../decision/policy.ts';
import type { Pool } from '../../decision/pool.ts';
import type { Clock } from '../../ports/clock.ts';

/**
 * The memory of what did not deliver, kept between requests. All of its times are durations, so it lives by the clock that
 * never jumps: a wall clock that is set back must not make a class rest for longer, one that is set ahead make a choice look
 * undelivered.
 */
export interface CapacityKeeper {
  /** When something happened is when it is told. Never throws: a fault in the memory must not cost an answer. */
  readonly tell: (event: CapacityEvent) => void;
  readonly cooldown: (pool: Pool) => CapacityCooldown | undefined;
  /** Why on-demand goes before Spot for the pods of the request that was told last. */
  readonly onDemandFirst: () => string | undefined;
}

export interface CapacityKeeperOptions {
  readonly policy: Policy;
  readonly clock: Clock;
  /** A class rests from now on, with the evidence. */
  readonly onRest: (resting: RestingClass) => void;
  readonly onFault: (error: unknown) => void;
}

export function capacityKeeper({ policy, clock, onRest, onFault }: CapacityKeeperOptions): CapacityKeeper {
  let memory = emptyCapacityMemory;
  /** What the memory calls a time, on the wall clock of now. */
  const onTheWall = (atMs: number): number => clock.nowMs() + (atMs - clock.monotonicMs());
  return {
    tell: (event) => {
      try {
        memory = remembered(memory, { ...event, atMs: clock.monotonicMs() }, policy);
      } catch (error) {
        memory = emptyCapacityMemory;
        onFault(error);
        return;
      }
      for (const resting of memory.begun)
        onRest({ ...resting, sinceMs: onTheWall(resting.sinceMs), untilMs: onTheWall(resting.untilMs) });
    },
    onDemandFirst: () => memory.onDemandFirst,
    cooldown: (pool) => {
      const found = cooldownOf(memory, pool, clock.monotonicMs());
      return found === undefined ? undefined : { ...found, untilMs: onTheWall(found.untilMs) };
    },
  };
}
