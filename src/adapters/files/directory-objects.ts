import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { DocumentReading } from '../../ports/documents.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import { writeFileAtomically } from './atomic-write.ts';

/** A directory as an object store. A version is the content's SHA-256: a touched file is no change. */
export function directoryObjects(root: string, options: { readonly mode?: number } = {}): ObjectStore {
  return {
    location: root,
    async list(prefix) {
      const found: StoredObject[] = [];
      await guarded(`listing ${root}`, () => walk(root, pathOf('', prefix), found));
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async read(key, knownVersion): Promise<DocumentReading> {
      const path = pathOf(root, key);
      const bytes = await guarded(`reading ${path}`, () => readFile(path).catch(absent));
      if (bytes === undefined) return { kind: 'missing' };
      const version = versionOf(bytes);
      return version === knownVersion ? { kind: 'unchanged', version } : { kind: 'changed', version, bytes };
    },
    async *stream(key, signal, { start, end } = {}) {
      if (end !== undefined && end <= (start ?? 0)) return;
      const path = pathOf(root, key);
      const stream = createReadStream(path, {
        signal,
        highWaterMark: 1 << 18,
        ...(start === undefined ? {} : { start }),
        ...(end === undefined ? {} : { end: end - 1 }),
      });
      try {
        for await (const chunk of stream) yield chunk as Uint8Array;
      } catch (error) {
        throw unavailable(`reading ${path}`, error);
      }
    },
    async put(key, bytes) {
      const path = pathOf(root, key);
      await guarded(`writing ${path}`, () => writeFileAtomically(path, bytes, options));
      return versionOf(bytes);
    },
    async delete(key) {
      const path = pathOf(root, key);
      await guarded(`removing ${path}`, () => rm(path, { force: true }));
    },
  };
}

/** Temporary and hidden files are no objects. */
async function walk(root: string, below: string, found: StoredObject[]): Promise<void> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(absent);
  for (const entry of entries ?? []) {
    if (entry.name.startsWith('.') || entry.name.endsWith('.new')) continue;
    const path = below === '' ? entry.name : join(below, entry.name);
    if (entry.isDirectory()) await walk(root, path, found);
    else {
      const stats = await stat(join(root, path)).catch(absent);
      if (stats?.isDirectory() === true) await walk(root, path, found);
      else if (stats?.isFile() === true) found.push({ key: path.split(sep).join('/'), bytes: stats.size });
    }
  }
}

function pathOf(root: string, key: string): string {
  if (key.startsWith('/') || key.split('/').includes('..'))
    throw new RangeError(`${JSON.stringify(key)} is no key of an object store.`);
  return join(root, ...key.split('/'));
}

function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return undefined;
  throw error;
}

async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unavailable(what, error);
  }
}

function unavailable(what: string, error: unknown): SourceUnavailable {
  const why = messageOf(error);
  return new SourceUnavailable('failed', `${what} failed: ${why}`, { cause: error });
}
