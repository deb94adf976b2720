import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment, entry } from '../e2e/served.ts';
import { metricsPage, type MetricsPage } from './metrics-page.ts';

/** One line of the server's log. */
export interface LogLine {
  /** Epoch milliseconds of ours, when it was read. */
  readonly readMs: number;
  readonly level: string;
  readonly text: string;
}

export interface ServerShape {
  readonly home: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** A command that ends by executing its arguments: a namespace, a control group. */
  readonly through?: readonly string[];
}

/** The built `serve`, watched from outside. */
export interface ServerProcess {
  readonly pid: number;
  /** What is told beside single decisions; of those only the last few. */
  readonly lines: readonly LogLine[];
  readonly stderr: () => string;
  readonly hasEnded: () => boolean;
  readonly metrics: () => Promise<MetricsPage>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<void>;
}

const mostLines = 4_000;

/** Starts it and waits until it listens. */
export async function startedServer(shape: ServerShape, probePort: number): Promise<ServerProcess> {
  const [command = process.execPath, ...rest] = [
    ...(shape.through ?? []),
    process.execPath,
    ...(shape.nodeFlags ?? []),
    entry,
    'serve',
    ...shape.args,
  ];
  const child = spawn(command, rest, {
    env: bareEnvironment(shape.home, shape.environment ?? {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-65_536)));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const level = /"level":"(\w+)"/.exec(text)?.[1] ?? '';
    lines.push({ readMs: Date.now(), level, text });
    if (lines.length > mostLines) {
      const kept = lines.filter((line, index) => !isDecision(line) || index > mostLines - 200);
      lines.splice(0, lines.length, ...kept.slice(-mostLines / 2));
    }
  });
  const { ended, hasEnded } = endOf(child);
  const server: ServerProcess = {
    pid: child.pid ?? 0,
    lines,
    stderr: () => stderr,
    hasEnded,
    ended,
    metrics: async () => {
      const response = await fetch(`http://127.0.0.1:${probePort}/metrics`, {
        signal: AbortSignal.timeout(5_000),
      });
      return metricsPage(await response.text());
    },
    kill: (signal) => void child.kill(signal),
  };
  const endMs = Date.now() + 60_000;
  while (!lines.some(({ text }) => /"msg":"listening for gRPC/.test(text))) {
    if (hasEnded() || Date.now() > endMs) {
      child.kill('SIGKILL');
      throw new Error(
        `the server did not begin to listen:\n${lines.map(({ text }) => text).join('\n')}\n${stderr}`,
      );
    }
    await sleep(20);
  }
  return server;
}

function endOf(child: ChildProcess): { readonly ended: Promise<void>; readonly hasEnded: () => boolean } {
  let over = false;
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => {
      over = true;
      resolve();
    });
    child.on('close', () => {
      over = true;
      resolve();
    });
  });
  return { ended, hasEnded: () => over };
}

/** Also one that went wrong and is told of as a warning. */
function isDecision({ text }: LogLine): boolean {
  return text.includes('"decisionId"');
}

/** Resident memory of a process in MB (10^6 bytes): now, and the most that it ever was. */
export function residentMb(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) * 1_024) / 1e6;
  return { now: mb('VmRSS'), peak: mb('VmHWM') };
}
