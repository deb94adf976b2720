/** buildah with a store of our own in the cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../go-tools.ts';
import { installed } from '../system-packages.ts';

export const imageCache = join(repository, '.cache', 'image');

/** Store and what is mounted of it belong together: two checkouts must not share the one without the other. */
function storeFlags(driver: 'overlay' | 'vfs'): readonly string[] {
  const store = join(imageCache, `store-${driver}`);
  const checkout = createHash('sha256').update(store).digest('hex').slice(0, 12);
  return [
    ...['--root', store, '--runroot', join(tmpdir(), `spot-expander-image-${checkout}`)],
    ...['--storage-driver', driver],
  ];
}

/** Overlay shares layers; where the kernel has none every layer is a copy, slow and large but the same image. */
function storageDriver(): 'overlay' | 'vfs' {
  const tried = spawnSync('buildah', [...storeFlags('overlay'), 'images'], { encoding: 'utf8' });
  return tried.status === 0 ? 'overlay' : 'vfs';
}

let driver: 'overlay' | 'vfs' | undefined;

/** @throws with buildah's last words. */
export function buildah(...args: readonly string[]): string {
  driver ??= storageDriver();
  const { status, stdout, stderr, error } = spawnSync('buildah', [...storeFlags(driver), ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    cwd: repository,
  });
  if (status === 0) return stdout.trim();
  throw new Error(`buildah ${args.join(' ')} failed: ${error?.message ?? lastLines(stderr)}`);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-15).join('\n');
}

/** Installs what is missing, where that is allowed; a sentence when it cannot be done. */
export function missingImageTools(): string | undefined {
  if (process.getuid?.() !== 0) return 'building an image without a container engine needs root';
  const missing = ['buildah', 'mmdebstrap'].filter((name) => !existsSync(`/usr/bin/${name}`));
  if (missing.length === 0) return undefined;
  const why = installed(...missing);
  if (why !== undefined) return why;
  mkdirSync(imageCache, { recursive: true });
  return undefined;
}
