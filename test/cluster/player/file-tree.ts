import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface FileEntry {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/**
 * Puts files into a volume as the kubelet does: a directory of one generation, a link `..data` to it that is exchanged
 * in one step, and links from the names to `..data`. Whoever has a file open keeps the old one.
 */
export function writtenFiles(volume: string, files: readonly FileEntry[], group: number | undefined): void {
  const generation = `..${process.hrtime.bigint()}`;
  const directory = join(volume, generation);
  mkdirSync(directory, { mode: 0o755 });
  for (const { path, content, mode } of files) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content);
    // A group that owns the volume may read what its owner may read.
    chmodSync(file, group === undefined ? mode : mode | ((mode & 0o400) >> 3));
    if (group !== undefined) chownSync(file, 0, group);
  }
  const data = join(volume, '..data');
  const before = existsSync(data) ? readlinkSync(data) : undefined;
  symlinkSync(generation, `${data}.new`);
  renameSync(`${data}.new`, data);
  const names = new Set(files.map(({ path }) => path.split('/')[0] ?? path));
  for (const name of readdirSync(volume))
    if (!name.startsWith('..') && !names.has(name)) rmSync(join(volume, name));
  for (const name of names)
    if (!existsSync(join(volume, name))) symlinkSync(join('..data', name), join(volume, name));
  if (before !== undefined) rmSync(join(volume, before), { recursive: true });
}
