import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed } from '../system-packages.ts';

export const howToGetPromtool =
  'promtool is not here: apt-get install prometheus, or npm run test:real -- --install';

/** Installs it where that is allowed. */
export function hasPromtool(): boolean {
  if (works()) return true;
  return installed('prometheus') === undefined && works();
}

function works(): boolean {
  return spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What promtool says of these files in a folder of their own; undefined: nothing is wrong. */
export function promtoolComplaint(
  command: readonly string[],
  files: Readonly<Record<string, string>>,
): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spot-expander-rules-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { status, stdout, stderr } = spawnSync('promtool', command, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
    });
    return status === 0 ? undefined : `${stdout}\n${stderr}`.replaceAll(/\n\s*\n/g, '\n').trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
