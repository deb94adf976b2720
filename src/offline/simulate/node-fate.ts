import { chanceFrom } from '../../learning/chance.ts';

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
