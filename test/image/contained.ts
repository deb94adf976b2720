import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildah } from '../../scripts/image/buildah.ts';

export const uid = 65_532;

/** The image's file system, mounted; `state` is the host's side of /var/lib/spot-expander. */
export interface MountedImage {
  readonly root: string;
  readonly state: string;
  /** `NAME=value`, as the image sets them. */
  readonly environment: readonly string[];
  readonly close: () => void;
}

export function mountedImage(name: string): MountedImage {
  const container = buildah('from', '--pull-never', name);
  const state = mkdtempSync(join(tmpdir(), 'image-state-'));
  chownSync(state, uid, uid);
  return {
    root: buildah('mount', container),
    state,
    environment: imageFacts(name).environment,
    close: () => {
      buildah('umount', container);
      buildah('rm', container);
      rmSync(state, { recursive: true, force: true });
    },
  };
}

export interface Contained {
  readonly lines: readonly string[];
  readonly exitCode: Promise<number | null>;
  /** The first line that the test accepts; fails when the program ends before. */
  readonly line: (accepts: (line: string) => boolean) => Promise<string>;
  readonly terminate: () => void;
}

/**
 * A process as a runtime would start it, by the kernel's own means: process 1 of its own process and mount namespaces, on the
 * image's file system mounted read-only, as user 65532 without capabilities or a way to new privileges; only /tmp and
 * /var/lib/spot-expander can be written.
 */
export function contained(
  image: MountedImage,
  args: readonly string[],
  program = '/usr/local/bin/spot-expander',
): Contained {
  const script = [
    'set -e',
    'mount --bind "$ROOT" "$ROOT"',
    'mount -o remount,bind,ro "$ROOT"',
    'mount -t proc proc "$ROOT/proc"',
    'mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"',
    'mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"',
    'touch "$ROOT/dev/null" "$ROOT/dev/urandom" && mount --bind /dev/null "$ROOT/dev/null" && mount --bind /dev/urandom "$ROOT/dev/urandom"',
    'mount --bind "$STATE" "$ROOT/var/lib/spot-expander"',
    'cd "$ROOT/app"',
    `exec env -i ${image.environment.join(' ')} setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid chroot --userspec=${uid}:${uid} --groups= "$ROOT" "$@"`,
  ].join('\n');
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      program,
      ...args,
    ],
    {
      env: { ...process.env, ROOT: image.root, STATE: image.state },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: string[] = [];
  let hasEnded = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  const exitCode = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      hasEnded = true;
      wake();
      resolve(code);
    }),
  );
  return {
    lines,
    exitCode,
    terminate: () => void process.kill(firstProcess(child), 'SIGTERM'),
    line: (accepts) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(accepts);
          if (found === undefined && !hasEnded) return;
          waiting.delete(look);
          if (found === undefined) reject(new Error(`it ended before that:\n${lines.join('\n')}`));
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

export async function finished(
  run: Contained,
): Promise<{ readonly code: number | null; readonly text: string }> {
  return { code: await run.exitCode, text: run.lines.join('\n') };
}

/** Process 1 of the namespace, by its number outside. */
function firstProcess({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

export interface ImageFacts {
  readonly user: string;
  readonly entryPoint: readonly string[];
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly architecture: string;
}

export function imageFacts(name: string): ImageFacts {
  const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', name)) as {
    OCIv1: {
      architecture: string;
      config: { User: string; Entrypoint: string[]; Env: string[]; Labels: Record<string, string> };
    };
  };
  const { User: user, Entrypoint: entryPoint, Env: environment, Labels: labels } = OCIv1.config;
  return { user, entryPoint, environment, labels, architecture: OCIv1.architecture };
}

/** Bytes on disk below a path, each file once. */
export function bytesBelow(path: string): number {
  const { stdout } = spawnSync('du', ['-s', '-B1', path], { encoding: 'utf8' });
  return Number(stdout.split('\t')[0]);
}
