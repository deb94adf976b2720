import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DocumentRefused } from '../../errors/document-refused.ts';
import type { TrialReply, TrialTask } from './trial-messages.ts';

export interface TrialLimits {
  /** Of the whole process, which has some 100 MiB before it loads a graph. */
  readonly memoryBytes: number;
  /** Of its processors, for one file, where ours take less than one second: a machine that is busy refuses no model. */
  readonly cpuMs: number;
  /** What the clock may say meanwhile. */
  readonly timeoutMs: number;
  /** A region's pools. */
  readonly rows: number;
}

export const trialLimits: TrialLimits = {
  memoryBytes: 512 * 1024 * 1024,
  cpuMs: 3_000,
  timeoutMs: 50_000,
  rows: 5_000,
};

const program = new URL(
  import.meta.url.endsWith('.ts') ? './trial-process.ts' : './trial-process.js',
  import.meta.url,
);

/** How often the process is looked at: it can take some 50 MiB between two looks. */
const lookEveryMs = 25;

/**
 * Loads and runs graphs in a process of their own before this one does: a graph may ask for gigabytes, or for minutes, and nothing
 * else bounds either. Where there is no `/proc` only the clock is a bound.
 * @throws DocumentRefused with a sentence for a file that is no such graph or goes beyond the limits
 * @throws Error when the trial itself could not be made, or the signal ended it
 */
export async function tryModel(
  files: ReadonlyMap<string, Uint8Array>,
  columns: number,
  signal: AbortSignal,
  limits: TrialLimits = trialLimits,
): Promise<void> {
  signal.throwIfAborted();
  const child = fork(program, [], {
    env: {},
    execArgv: ['--max-old-space-size=128'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    const reply = await answerOf(child, undefined, limits, signal);
    if (reply.kind !== 'ready') throw new Error('The process that tries models began with an answer.');
    for (const [file, bytes] of files) {
      const task: TrialTask = { file, bytes, columns, rows: limits.rows };
      const result = await answerOf(child, task, limits, signal);
      if (result.kind === 'refused') throw new DocumentRefused(result.file, result.mistakes);
    }
  } finally {
    child.kill('SIGKILL');
  }
}

/** What the process says next, or the first limit that it meets. */
function answerOf(
  child: ChildProcess,
  task: TrialTask | undefined,
  limits: TrialLimits,
  signal: AbortSignal,
): Promise<TrialReply> {
  const { promise, resolve, reject } = Promise.withResolvers<TrialReply>();
  const startedCpuMs = usageOf(child.pid)?.cpuMs ?? 0;
  const look = setInterval(() => {
    const excess = task === undefined ? undefined : excessOf(child.pid, startedCpuMs, limits);
    if (task !== undefined && excess !== undefined) reject(new DocumentRefused(task.file, [excess]));
  }, lookEveryMs);
  const clock = setTimeout(
    () => reject(new Error(`The trial of a model did not end within ${limits.timeoutMs / 1_000} s.`)),
    limits.timeoutMs,
  );
  const onAbort = (): void =>
    reject(signal.reason instanceof Error ? signal.reason : new Error('The trial of a model was stopped.'));
  const onExit = (code: number | null, killedBy: string | null): void => {
    const how = killedBy ?? `code ${code}`;
    reject(
      task === undefined
        ? new Error(`The process that tries models ended with ${how}.`)
        : new DocumentRefused(task.file, [`the process that tried it ended with ${how}`]),
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  child.once('message', resolve as (reply: unknown) => void);
  child.once('error', reject);
  child.once('exit', onExit);
  if (task !== undefined) child.send(task);
  return promise.finally(() => {
    clearInterval(look);
    clearTimeout(clock);
    signal.removeEventListener('abort', onAbort);
    child.off('message', resolve as (reply: unknown) => void);
    child.off('error', reject);
    child.off('exit', onExit);
  });
}

function excessOf(
  pid: number | undefined,
  startedCpuMs: number,
  { memoryBytes, cpuMs }: TrialLimits,
): string | undefined {
  const used = usageOf(pid);
  if (used === undefined) return undefined;
  if (used.memoryBytes > memoryBytes)
    return `it takes more than ${memoryBytes / 2 ** 20} MiB to be loaded and run`;
  if (used.cpuMs - startedCpuMs > cpuMs) return `it takes more than ${cpuMs / 1_000} s to be loaded and run`;
  return undefined;
}

const msPerTick = 10;

/** Of a process that runs; undefined where it has gone or there is no `/proc`. */
function usageOf(
  pid: number | undefined,
): { readonly memoryBytes: number; readonly cpuMs: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0);
    // The program's name is in parentheses and may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    return { memoryBytes: kib * 1_024, cpuMs: ticks * msPerTick };
  } catch {
    return undefined;
  }
}
