/** Numbers in [0, 1) that a seed decides: the same seed, the same sequence, on every machine. */
export function chanceFrom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `count` different numbers below `below`, ascending. */
export function drawn(count: number, below: number, chance: () => number): number[] {
  const all = Array.from({ length: below }, (_, index) => index);
  for (let index = 0; index < count; index += 1) {
    const other = index + Math.floor(chance() * (below - index));
    const kept = all[index] ?? 0;
    all[index] = all[other] ?? 0;
    all[other] = kept;
  }
  return all.slice(0, count).sort((a, b) => a - b);
}
