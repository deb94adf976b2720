import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file so that a reader sees the old content or the new, never a part, also after a power cut.
 * @throws what the file system says; the old file then stands and no temporary file is left.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = unfinishedName(path);
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await putInPlace(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What is being written beside the file that it will replace; one of its own for each writer. */
export function unfinishedName(path: string): string {
  return `${path}.${randomUUID()}.new`;
}

/** A synced file takes the place of another, durably. */
export async function putInPlace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/**
 * Clears away what a kill in the middle of a write has left beside files of a directory. Only for files that nobody else
 * writes at the time.
 */
export async function removeUnfinished(directory: string, isOurs: (file: string) => boolean): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const [, file] = /^(.+)\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.new$/.exec(name) ?? [];
    if (file !== undefined && isOurs(basename(file))) await rm(join(directory, name), { force: true });
  }
}

/** Makes the rename itself durable; file systems that cannot sync a directory are none the worse. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch {
    // The content is in place already.
  }
}
