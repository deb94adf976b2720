import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** A process that runs beside the bench; its output goes to a file, so that reading it costs nobody time. */
export interface Background {
  readonly pid: number;
  /** The first line that the test accepts. */
  readonly line: (accepts: (line: string) => boolean, limitMs: number) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export function background(
  command: string,
  args: readonly string[],
  outputFile: string,
  environment: NodeJS.ProcessEnv = process.env,
): Background {
  const output = openSync(outputFile, 'w');
  const child = spawn(command, args, { stdio: ['ignore', output, output], env: environment });
  closeSync(output);
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => {
      resolve();
    });
    child.on('close', () => {
      resolve();
    });
  });
  return {
    pid: child.pid ?? -1,
    line: async (accepts, limitMs) => {
      const started = performance.now();
      while (performance.now() - started < limitMs && child.exitCode === null) {
        const found = readFileSync(outputFile, 'utf8').split('\n').find(accepts);
        if (found !== undefined) return found;
        await after(25);
      }
      throw new Error(
        `${command} ${args.join(' ')} did not start:\n${readFileSync(outputFile, 'utf8').slice(-2_000)}`,
      );
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Largest resident size so far in MB, or undefined where the kernel does not tell or the process has ended. */
export function peakMegabytes(pid: number): number | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6;
}

/** The same of this process. getrusage's peak outlives exec: a process that a large one started would begin with that one's. */
export function ownPeakMegabytes(): number {
  return peakMegabytes(process.pid) ?? (process.resourceUsage().maxRSS * 1024) / 1e6;
}
