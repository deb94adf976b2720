import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import type { RecordEntry, RecordStore } from '../../ports/record-store.ts';

const suffix = '.json.gz';
const unfinishedSuffix = '.unfinished';

/**
 * Recordings as files `NAME.json.gz` of one directory, which is made when it is missing. Other files in it are left alone.
 * Give each server a directory of its own: a server counts and removes what it finds there.
 */
export function recordDirectory(directory: string): RecordStore {
  const pathOf = (name: string) => join(directory, `${name}${suffix}`);
  return {
    list: async () => {
      await mkdir(directory, { recursive: true });
      const names = await readdir(directory);
      await removeUnfinished(directory, names);
      const entries: RecordEntry[] = [];
      for (const file of names.filter((one) => one.endsWith(suffix)).sort()) {
        const { size } = await stat(join(directory, file));
        entries.push({ name: file.slice(0, -suffix.length), bytes: size });
      }
      return entries;
    },
    write: async (name, bytes) => {
      const unfinished = `${pathOf(name)}${unfinishedSuffix}`;
      try {
        await writeFile(unfinished, bytes, { mode: 0o600 });
        await rename(unfinished, pathOf(name));
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}

/** A kill in the middle of a write leaves a part behind. */
async function removeUnfinished(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names)
    if (name.endsWith(suffix + unfinishedSuffix)) await rm(join(directory, name), { force: true });
}

const gzipped = promisify(gzip);

/** On the thread pool, so that the event loop goes on answering. */
export function compressedText(text: string): Promise<Uint8Array> {
  return gzipped(text);
}

/** The largest request that is taken is half of it. */
const mostBytes = 1 << 30;

/**
 * The text of a recording, compressed or not.
 * @throws zlib's error when the file is cut off.
 */
export function recordingText(bytes: Uint8Array): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new TextDecoder().decode(isGzip ? gunzipSync(bytes, { maxOutputLength: mostBytes }) : bytes);
}
