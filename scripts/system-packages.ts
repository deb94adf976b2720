/** Debian packages that suites on real components stand on; installed only when a person said so. */
import { spawnSync } from 'node:child_process';

/** `npm run test:real -- --install`, or CI=true. Nothing else changes the machine. */
export function mayInstall(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment['SPOT_TEST_INSTALL'] === '1' || environment['CI'] === 'true';
}

const tenMinutesMs = 600_000;

/** Installs packages where that is allowed and possible; otherwise a sentence that says why not and how to get them. */
export function installed(...packages: readonly string[]): string | undefined {
  const names = packages.join(' ');
  const how = `apt-get install ${names}, or npm run test:real -- --install`;
  if (!mayInstall()) return `missing: ${how}`;
  if (process.getuid?.() !== 0) return `missing, and only root can install: ${how}`;
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status, stderr, error } = spawnSync('apt-get', args, {
      encoding: 'utf8',
      timeout: tenMinutesMs,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0)
      return `apt-get ${args.join(' ')}: ${error?.message ?? (stderr.trim().split('\n').at(-1) || 'it failed')}`;
  }
  return undefined;
}
