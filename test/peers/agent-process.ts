import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { MemoryGroup } from './memory-group.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '..', '..');

/** The built agent, as the image runs it. */
export interface AgentProcess {
  readonly pid: number;
  readonly log: string[];
  readonly url: string;
  /** Sum of the samples of a metric whose labels contain all of `labels`. */
  metric(name: string, labels?: string): Promise<number>;
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Waits until it has polled and has been heard by the API server. */
  ready(withinMs?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Ends it and waits. */
  stop(name?: NodeJS.Signals): Promise<number | null>;
}

const started = new Set<ChildProcess>();

/** @param group in which it is started, as in its container's: what it touches first counts already. */
export async function agentProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  group?: MemoryGroup,
): Promise<AgentProcess> {
  const program = [join(root, 'node_modules/.bin/node'), join(root, 'dist/processes/main.js')];
  const whole = [...program, 'agent', '--http-listen', '127.0.0.1:0', ...args];
  const [command = '', ...rest] = group === undefined ? whole : [...group.starter, ...whole];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  started.add(child);
  const log: string[] = [];
  let unfinished = '';
  const keep = (chunk: Buffer) => {
    const lines = (unfinished + chunk.toString('utf8')).split('\n');
    unfinished = lines.pop() ?? '';
    log.push(...lines);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'exit').then(([code]) => {
    started.delete(child);
    return code as number | null;
  });
  const line = await until(
    'the agent to listen',
    () => log.find((one) => one.includes('"address"')) ?? (child.exitCode === null ? undefined : 'ended'),
  );
  if (line === 'ended') throw new Error(`the agent ended at once:\n${log.join('\n')}`);
  const { address } = JSON.parse(line) as { address: { port: number } };
  const url = `http://127.0.0.1:${address.port}`;
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return {
    pid: child.pid!,
    log,
    url,
    get,
    async metric(name, labels = '') {
      const { text } = await get('/metrics');
      return text
        .split('\n')
        .filter(
          (sample) =>
            sample.startsWith(`${name} `) || (sample.startsWith(`${name}{`) && sample.includes(labels)),
        )
        .reduce((sum, sample) => sum + Number(sample.slice(sample.lastIndexOf(' ') + 1)), 0);
    },
    async ready(withinMs) {
      await until('the agent to be ready', async () => (await get('/readyz')).status === 200, withinMs);
    },
    signal: (name) => void child.kill(name),
    async stop(name = 'SIGKILL') {
      child.kill(name);
      return ended;
    },
  };
}

/** An agent on a node of a world, beside its metadata service. */
export function agentProcessOn(
  {
    node,
    imds,
    world,
  }: {
    readonly node: string;
    readonly imds: { readonly url: string };
    readonly world: { readonly kubeconfig: string };
  },
  flags: readonly string[] = [],
  group?: MemoryGroup,
): Promise<AgentProcess> {
  const place = ['--node-name', node, '--imds-endpoint', imds.url, '--kubeconfig', world.kubeconfig];
  return agentProcess([...place, ...flags], {}, group);
}

/** Nothing outlives a test. */
export function killAgents(): void {
  for (const child of started) child.kill('SIGKILL');
}

/** `spot-expander agent doctor` with the same flags. */
export async function doctor(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(
    join(root, 'node_modules/.bin/node'),
    [join(root, 'dist/processes/main.js'), 'agent', 'doctor', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '' } },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}
