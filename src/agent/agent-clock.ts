import type { Clock } from '../ports/clock.ts';

/** A difference below this is the second's fraction that an HTTP date lacks, and the time on the way. */
const toleranceMs = 2_500;

export interface AgentClock extends Clock {
  /**
   * Sets the clock by another that is trusted more, when the two differ by more than a HTTP date can tell.
   * @returns by how much it was moved; 0: it agrees.
   */
  readonly setBy: (otherMs: number) => number;
}

/**
 * Time as the agent reckons it: a wall clock read once, and from then on the monotonic clock. What the wall does in the
 * middle of a drain, a jump of an hour or a step back, moves no deadline; it is set anew only by `setBy`.
 */
export function agentClock(wall: Clock): AgentClock {
  let offsetMs = wall.nowMs() - wall.monotonicMs();
  const nowMs = () => wall.monotonicMs() + offsetMs;
  return {
    nowMs,
    monotonicMs: () => wall.monotonicMs(),
    setBy(otherMs) {
      const differenceMs = otherMs - nowMs();
      if (Math.abs(differenceMs) < toleranceMs) return 0;
      offsetMs += differenceMs;
      return differenceMs;
    },
  };
}
