import type { Assessed } from './decision-context.ts';
import type { Policy } from './policy.ts';

/**
 * What interruptions are expected to cost a candidate, an hour, all of its nodes together: how often a node is taken back ×
 * what its pods lose by it, the work that they do again at `perUnit` and a price for each pod. What is not told pod by pod counts
 * as a pod for each unit.
 */
export function interruptionsPerHour(
  { evidence, pods }: Pick<Assessed, 'evidence' | 'pods'>,
  units: number,
  perUnit: number,
  { lostWorkMinutes, interruptionPrice }: Policy,
): number {
  const podCount = pods.length > 0 ? pods.length : units;
  return evidence.perHour * (podCount * interruptionPrice + (lostWorkMinutes / 60) * units * perUnit);
}
