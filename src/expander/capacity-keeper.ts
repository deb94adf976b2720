import {
  cooldownOf,
  emptyCapacityMemory,
  remembered,
  type CapacityEvent,
  type RestingClass,
} from '../decision/capacity-memory.ts';
import type { CapacityCooldown } from '../decision/knowledge.ts';
import type { Policy } from '../decision/policy.ts';
import type { Pool } from '../decision/pool.ts';
import type { Clock } from '../ports/clock.ts';

/** The memory of what did not deliver, kept between requests. */
export interface CapacityKeeper {
  /** Never throws: a fault in the memory must not cost an answer. */
  readonly tell: (event: CapacityEvent) => void;
  readonly cooldown: (pool: Pool) => CapacityCooldown | undefined;
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
  return {
    tell: (event) => {
      try {
        memory = remembered(memory, event, policy);
      } catch (error) {
        memory = emptyCapacityMemory;
        onFault(error);
        return;
      }
      memory.begun.forEach(onRest);
    },
    cooldown: (pool) => cooldownOf(memory, pool, clock.nowMs()),
  };
}
