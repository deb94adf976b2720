import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const lowerBy = 5;

/**
 * Put before a command of attackers: they have all cores but the first, at a lower priority. Attackers sit on other machines; here
 * they must not take the cores on which the server answers and its caller measures.
 */
export function onAttackersCores(count: number = availableParallelism()): readonly string[] {
  const lower = ['nice', '-n', String(lowerBy)];
  const isSplit = count > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;
  return isSplit ? [...lower, 'taskset', '-c', `1-${count - 1}`] : lower;
}
