import { open, realpath, rm, stat } from 'node:fs/promises';
import { putInPlace, unfinishedName } from './atomic-write.ts';

/** A file that is written piece by piece, and appears whole or not at all. */
export interface GrowingFile {
  readonly write: (text: string) => Promise<void>;
  /** Puts what was written in place of what was there. */
  readonly finish: () => Promise<void>;
  /** Leaves what was there and nothing else. After {@link finish} it does nothing. */
  readonly discard: () => Promise<void>;
}

/**
 * Begins a file. What is no plain file, such as a pipe or `/dev/null`, is written to as it is.
 * @throws what the file system says, before anything is changed; so does each write.
 */
export async function growingFile(path: string): Promise<GrowingFile> {
  const target = await realpath(path).catch(() => path);
  const stats = await stat(target).catch(() => undefined);
  if (stats?.isDirectory() === true) throw new Error(`${path} is a directory`);
  const isReplaced = stats === undefined || stats.isFile();
  const growing = isReplaced ? unfinishedName(target) : target;
  const file = await open(growing, isReplaced ? 'wx' : 'w');
  let isOpen = true;
  const close = async (): Promise<void> => {
    isOpen = false;
    await file.close();
  };
  return {
    write: async (text) => await file.writeFile(text),
    async finish() {
      if (isReplaced) await file.sync();
      await close();
      if (isReplaced) await putInPlace(growing, target);
    },
    async discard() {
      if (!isOpen) return;
      await close();
      if (isReplaced) await rm(growing, { force: true });
    },
  };
}
