import type { TraceSet } from './trace-archive.ts';

/** Sets by their place in the archive, or each set's time cut in the middle: to confirm on one part what another showed. */
export const traceParts = ['all', 'odd-sets', 'even-sets', 'first-half', 'second-half'] as const;
export type TracePart = (typeof traceParts)[number];

export function partOf(sets: readonly TraceSet[], part: TracePart): readonly TraceSet[] {
  switch (part) {
    case 'all':
      return sets;
    case 'odd-sets':
      return sets.filter((_, place) => place % 2 === 0);
    case 'even-sets':
      return sets.filter((_, place) => place % 2 === 1);
    case 'first-half':
      return sets.map((set) => cut(set, (ticks) => [0, ticks >> 1]));
    case 'second-half':
      return sets.map((set) => cut(set, (ticks) => [ticks >> 1, ticks]));
  }
}

function cut(set: TraceSet, span: (ticks: number) => readonly [from: number, until: number]): TraceSet {
  const [from, until] = span(Math.min(...set.pools.map(({ available }) => available.length)));
  return {
    ...set,
    pools: set.pools.map((pool) => ({ ...pool, available: pool.available.slice(from, until) })),
  };
}
