import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import type { ObjectStore } from '../../ports/object-store.ts';
import { removeUnfinished } from './atomic-write.ts';
import { directoryObjects } from './directory-objects.ts';

/**
 * Recordings as files of one directory, which is made when it is missing; for their owner's eyes only, since requests tell of
 * workloads. Give each server a directory of its own: a server counts and removes what it finds there.
 */
export function recordDirectory(directory: string): ObjectStore {
  const objects = directoryObjects(directory, { mode: 0o600 });
  return {
    ...objects,
    async list(prefix, signal) {
      await removeUnfinished(directory, () => true);
      return objects.list(prefix, signal);
    },
  };
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
