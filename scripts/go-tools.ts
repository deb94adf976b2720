/** What the project uses Go for: the other side of the wire. Nothing that ships needs it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('..', import.meta.url));
export const binaries = `${repository}.cache/bin`;
const module = `${repository}test/conformance`;

export const howToGetGo =
  'Go 1.25 or later is not on the PATH: https://go.dev/dl, or "apt-get install golang" where it is new enough';

/** `go1.26.1`, or undefined when there is no usable Go. */
export function goVersion(): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', cwd: repository });
  const version = status === 0 ? stdout.trim() : '';
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0);
  return minor >= 25 ? version : undefined;
}

/**
 * Builds a command of test/conformance into the cache and returns its path.
 * @throws with the compiler's words.
 */
export function builtGoCommand(name: string): string {
  mkdirSync(binaries, { recursive: true });
  const path = `${binaries}/${name}`;
  run('go', ['build', '-o', path, `./cmd/${name}`], module);
  return path;
}

/**
 * Installs a published Go command into the cache and returns its path.
 * @throws with the words of `go install`.
 */
export function installedGoCommand(name: string, versionedPackage: string): string {
  mkdirSync(binaries, { recursive: true });
  run('go', ['install', versionedPackage], repository);
  return `${binaries}/${name}`;
}

/**
 * Why the modules of test/conformance cannot be had, or undefined when they are there: in the module cache or on the proxy.
 * Only the network counts as an excuse; whatever else is wrong shows when it is built.
 */
export function missingModules(): string | undefined {
  const { status, stderr } = spawnSync('go', ['mod', 'download'], { encoding: 'utf8', cwd: module });
  const network =
    /dial tcp|no such host|timeout|connection refused|proxyconnect|module lookup disabled|TLS handshake/;
  return status !== 0 && network.test(stderr) ? (stderr.trim().split('\n').at(-1) ?? '') : undefined;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, GOBIN: binaries },
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}`);
}
