import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const controller = '/sys/fs/cgroup/memory';

/** A memory control group of the kernel, as a container has one: who wants more than its limit is killed. */
export interface MemoryGroup {
  /** What stands before a command that is to start in it. */
  readonly starter: readonly string[];
  /** The most that was in use at once, page cache of its own included. */
  readonly peakBytes: () => number;
  /** @returns whether it is gone: not while a process in it still ends. */
  readonly remove: () => boolean;
}

/** @returns why there is none, as a sentence. */
export function memoryGroup(name: string, limitBytes: number): MemoryGroup | string {
  const directory = join(controller, `${name}-${process.pid}`);
  try {
    mkdirSync(directory);
    writeFileSync(join(directory, 'memory.limit_in_bytes'), String(limitBytes));
  } catch (error) {
    return `no memory control group can be made in ${controller} (cgroup version 1, as root): ${String(error)}`;
  }
  return {
    starter: ['/bin/sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', directory],
    peakBytes: () => Number(readFileSync(join(directory, 'memory.max_usage_in_bytes'), 'utf8')),
    remove() {
      try {
        rmdirSync(directory);
        return true;
      } catch {
        return false;
      }
    },
  };
}
