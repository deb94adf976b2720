import { chanceFrom } from '../../learning/chance.ts';
import type { SimulationSettings } from './simulation-settings.ts';

/** When the n-th node of a pool is interrupted, in hours after its launch: the same whichever expander launches it. */
export function hoursToInterruption(
  seed: number,
  place: number,
  ordinal: number,
  hazardPerHour: number,
): number {
  if (hazardPerHour <= 0) return Infinity;
  const chance = chanceFrom(
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b) ^ Math.imul(ordinal + 1, 0xc2b2ae35),
  );
  chance();
  return -Math.log(1 - chance()) / hazardPerHour;
}

/** An event that takes nodes of a pool together. */
export interface Burst {
  readonly atMs: number;
  readonly pool: number;
  readonly ordinal: number;
  /** 0..1, the chance of each of its nodes to go. */
  readonly taken: number;
}

/** Every pool's events, the same whoever has nodes there. `poolOf` numbers the pool of each group. */
export function burstsOf(
  { groups, batches, toMs, seed, bursts }: SimulationSettings,
  poolOf: readonly number[],
): readonly Burst[] {
  const fromMs = batches[0]?.atMs ?? toMs;
  const mean = (bursts.least + bursts.most) / 2;
  const found: Burst[] = [];
  groups.forEach(({ hazardPerHour }, place) => {
    const pool = poolOf[place] ?? place;
    if (poolOf.indexOf(pool) !== place) return;
    const perHour = mean > 0 ? (hazardPerHour * bursts.together) / mean : 0;
    if (!(perHour > 0)) return;
    const chance = chanceFrom(Math.imul(seed + 1, 0x27d4eb2f) ^ Math.imul(pool + 1, 0x165667b1));
    let atMs = fromMs;
    for (let ordinal = 0; ; ordinal += 1) {
      atMs += (-Math.log(1 - chance()) / perHour) * 3_600_000;
      if (!(atMs < toMs)) return;
      found.push({ atMs, pool, ordinal, taken: bursts.least + chance() * (bursts.most - bursts.least) });
    }
  });
  return found;
}

/** Whether an event takes the n-th node of a group. */
export function isTaken(seed: number, place: number, node: number, burst: number, taken: number): boolean {
  const chance = chanceFrom(
    Math.imul(seed + 1, 0x9e3779b1) ^
      Math.imul(place + 1, 0x85ebca6b) ^
      Math.imul(node + 1, 0xc2b2ae35) ^
      Math.imul(burst + 1, 0x2545f491),
  );
  chance();
  return chance() < taken;
}
