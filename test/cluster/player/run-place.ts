import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/* Several runs may go on at once on one machine: each takes a number, and its names and addresses follow from it. */

const prefix = 'spotx';
const owners = join(tmpdir(), 'spot-network-owners');
const runs = 32;

export interface RunPlace {
  /** Namespace of the bridge, of the Services and of the metadata service. */
  readonly fabric: string;
  /** This machine's end of the link into the fabric; the API server listens there. */
  readonly hostLink: string;
  readonly hostAddress: string;
  readonly fabricAddress: string;
  readonly serviceRange: string;
  /** Of the API server's own Service. */
  readonly firstService: string;
  /** The nth address of a node or pod, from 0. */
  readonly address: (index: number) => string;
  readonly namespace: (index: number) => string;
  readonly give: () => void;
}

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Several commands of `ip` at once, in a namespace or outside. */
export function ipBatch(namespace: string | undefined, lines: readonly string[]): void {
  execFileSync('ip', [...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'], {
    input: lines.join('\n'),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}

/** Why networks cannot be made here; undefined when they can. */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network and mount namespaces need root';
  const name = `${prefix}-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'add', 'name', 'b', 'type', 'bridge');
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
    execFileSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `namespaces cannot be made here (iproute2 and util-linux, as root): ${error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error)}`;
  } finally {
    try {
      ip('netns', 'del', name);
    } catch {
      // It was never made.
    }
  }
}

/** Takes a free number, having cleared away what runs that have ended left behind. */
export function takenPlace(): RunPlace {
  mkdirSync(owners, { recursive: true });
  clearLeftovers();
  for (let run = 0; run < runs; run += 1)
    try {
      ip('netns', 'add', `${prefix}-${run}`);
      writeFileSync(join(owners, String(run)), identity(process.pid) ?? '');
      return place(run);
    } catch {
      // Taken by another run.
    }
  throw new Error(`all ${runs} places for a simulated network are taken`);
}

/** 198.18.0.0/15 is set aside for tests of networks and leads nowhere. */
function place(run: number): RunPlace {
  const block = run * 8;
  const at = (index: number) => `198.18.${block + Math.floor(index / 256)}.${index % 256}`;
  return {
    fabric: `${prefix}-${run}`,
    hostLink: `${prefix}${run}`,
    hostAddress: at(1),
    fabricAddress: at(2),
    serviceRange: `198.18.${block + 4}.0/22`,
    firstService: `198.18.${block + 4}.1`,
    address: (index) => at(16 + index),
    namespace: (index) => `${prefix}-${run}-${index}`,
    give: () => clear(run),
  };
}

/** A process by its number and when it started: numbers come again. */
function identity(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    return `${pid} ${fields?.[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

function clearLeftovers(): void {
  for (const file of readdirSync(owners)) {
    const owner = readFileSync(join(owners, file), 'utf8');
    if (identity(Number(owner.split(' ')[0])) !== owner) clear(Number(file));
  }
}

function clear(run: number): void {
  try {
    // At once: with its namespace it would go some time later.
    ip('link', 'del', `${prefix}${run}`);
  } catch {
    // It was never made, or has gone with its peer.
  }
  const names = ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name === `${prefix}-${run}` || name.startsWith(`${prefix}-${run}-`));
  for (const name of names) {
    for (const pid of ip('netns', 'pids', name).split('\n').map(Number))
      if (pid > 0) process.kill(pid, 'SIGKILL');
    ip('netns', 'del', name);
  }
  rmSync(join(owners, String(run)), { force: true });
}
