import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group of the kernel's for one server: what a container's memory limit is. */
export interface MemoryLimit {
  /** Put before a command, runs it under the limit. */
  readonly through: readonly string[];
  readonly limitMb: number;
  /** The most that was charged, MB, and how often the kernel killed for want of memory. */
  readonly charged: () => { readonly peakMb: number; readonly killed: number };
  readonly close: () => void;
}

const version1 = '/sys/fs/cgroup/memory';
const version2 = '/sys/fs/cgroup';

/** Undefined when control groups cannot be written here. */
export function memoryLimit(limitBytes: number): MemoryLimit | undefined {
  const isFirst = existsSync(join(version1, 'memory.limit_in_bytes'));
  const group = join(isFirst ? version1 : version2, `spot-expander-drill-${process.pid}`);
  const files = isFirst
    ? {
        limit: 'memory.limit_in_bytes',
        peak: 'memory.max_usage_in_bytes',
        kills: 'memory.oom_control',
        members: 'tasks',
      }
    : { limit: 'memory.max', peak: 'memory.peak', kills: 'memory.events', members: 'cgroup.procs' };
  try {
    mkdirSync(group);
    writeFileSync(join(group, files.limit), String(limitBytes));
  } catch {
    return undefined;
  }
  const read = (file: string): string => readFileSync(join(group, file), 'utf8');
  return {
    through: ['sh', '-c', `echo $$ > ${join(group, files.members)} && exec "$@"`, 'sh'],
    limitMb: limitBytes / 1e6,
    charged: () => ({
      peakMb: Number(read(files.peak)) / 1e6,
      killed: Number(/^oom_kill (\d+)/m.exec(read(files.kills))?.[1] ?? 0),
    }),
    close: () => rmdirSync(group),
  };
}
