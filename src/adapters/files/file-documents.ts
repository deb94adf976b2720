import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import type { DocumentReading, Documents } from '../../ports/documents.ts';

const defaultMaxBytes = 256 * 1024 * 1024;

/**
 * Documents as files. A version is the file's identity, size, times and content hash; a changed time with the same content
 * is no change. A file that was touched within the last two seconds has no settled version: it is read again next time,
 * so that a second write within one tick of the file system's clock is not missed.
 */
export function fileDocuments(options: { readonly maxBytes?: number } = {}): Documents {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  return {
    async read(path, knownVersion, signal): Promise<DocumentReading> {
      signal.throwIfAborted();
      // Non-blocking, because opening a pipe would otherwise hold a thread of the pool until somebody writes to it.
      const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
        if (isAbsent(error)) return undefined;
        throw error;
      });
      if (file === undefined) return { kind: 'missing' };
      try {
        return await readingOf(file, path, knownVersion, maxBytes, signal);
      } finally {
        await file.close();
      }
    },
  };
}

async function readingOf(
  file: FileHandle,
  path: string,
  knownVersion: string | undefined,
  maxBytes: number,
  signal: AbortSignal,
): Promise<DocumentReading> {
  const before = await file.stat();
  if (!before.isFile()) throw new Error(`${path} is not a regular file.`);
  if (before.size > maxBytes)
    throw new Error(`${path} holds ${before.size} bytes; at most ${maxBytes} are read.`);
  const [knownStamp, knownHash] = knownVersion?.split('#') ?? [];
  if (knownVersion !== undefined && isSettled(before) && knownStamp === stampOf(before))
    return { kind: 'unchanged', version: knownVersion };
  const bytes = await file.readFile({ signal });
  const after = await file.stat();
  if (stampOf(before) !== stampOf(after) || bytes.length !== after.size)
    throw new Error(`${path} was being written while it was read; it is read again later.`);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const version = `${isSettled(after) ? stampOf(after) : 'unsettled'}#${hash}`;
  return hash === knownHash ? { kind: 'unchanged', version } : { kind: 'changed', version, bytes };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function stampOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

function isSettled(stats: Stats): boolean {
  return Date.now() - stats.ctimeMs > 2_000;
}
