import type { PoolTrace } from './trace-archive.ts';

/**
 * Of the pools at `places` the one whose room for more nodes lasts longest from `tick` on, by the mean over the nodes that it
 * would take at once; undefined where none has room. It knows what comes, so nobody who fills every gap at once can choose the
 * next pool better; it still chooses one gap at a time.
 */
export function longestLasting(
  pools: readonly PoolTrace[],
  places: readonly number[],
  situation: { readonly tick: number; readonly running: readonly number[]; readonly missing: number },
): number | undefined {
  const { tick, running, missing } = situation;
  let best: { readonly place: number; readonly ticks: number } | undefined;
  for (const place of places) {
    const available = pools[place]?.available ?? [];
    const first = (running[place] ?? 0) + 1;
    const room = Math.min(missing, Math.floor(available[tick] ?? 0) - first + 1);
    if (room <= 0) continue;
    let total = 0;
    for (let node = 0; node < room; node += 1) total += ticksWith(available, first + node, tick);
    const ticks = total / room;
    if (best === undefined || ticks > best.ticks) best = { place, ticks };
  }
  return best?.place;
}

function ticksWith(available: readonly number[], nodes: number, from: number): number {
  let tick = from;
  while (tick < available.length && (available[tick] ?? 0) >= nodes) tick += 1;
  return tick - from;
}
