import { UsageError } from '../errors/usage-error.ts';

/**
 * The i-th of n shares of the regions, by their order: a Kubernetes Indexed Job gives each of its pods one i of n.
 * @throws UsageError when the share is not `i/n` with i from 0 to n − 1.
 */
export function regionShare(share: string, regions: readonly string[]): readonly string[] {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(share) ?? [];
  if (index === undefined || count === undefined || Number(index) >= Number(count))
    throw new UsageError([`--shard takes i/n with i from 0 to n − 1, such as 0/4, not "${share}"`]);
  return regions.filter((_, at) => at % Number(count) === Number(index));
}
