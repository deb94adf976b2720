import type { Candidate, DecisionContext } from './decision-context.ts';

/** Over all candidates of one question; each pool costs some two microseconds of look-ups. */
export const mostPoolsTogether = 60_000;

/**
 * The context with at most so many pools in all: where groups have more, each stands for its first few, as many as leave all groups
 * the same room.
 * @param leaveOut told in a sentence what does not count
 */
export function withBoundedPools(
  context: DecisionContext<Candidate>,
  leaveOut: (sentence: string) => void,
  most: number = mostPoolsTogether,
): DecisionContext<Candidate> {
  const { candidates, drops } = context;
  const all = candidates.reduce((sum, { pools }) => sum + pools.length, 0);
  if (all <= most) return context;
  const each = Math.max(1, Math.floor(most / candidates.length));
  leaveOut(
    `pools are left out: ${candidates.length} groups have ${all} of them, and each group is judged by its first ${each}`,
  );
  return {
    candidates: candidates.map((candidate) =>
      candidate.pools.length <= each ? candidate : { ...candidate, pools: candidate.pools.slice(0, each) },
    ),
    drops,
  };
}
