import { createGunzip, type Gunzip } from 'node:zlib';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';

/** The first bytes tell the format: names lie. */
export type HistoryFormat = 'gzip' | 'parquet' | 'json' | 'text' | 'empty';

export function formatOf(head: Uint8Array): HistoryFormat {
  if (head.length === 0) return 'empty';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const text = Buffer.from(head).toString('latin1', 0, 64);
  if (text.startsWith('PAR1')) return 'parquet';
  return /^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(text) ? 'json' : 'text';
}

/**
 * Feeds an object's bytes, unpacked where it is gzip, to `onBytes`. Returns what was wrong: all that could be unpacked
 * before a broken or missing end has been fed by then.
 */
export async function feed(
  store: ObjectStore,
  object: StoredObject,
  onBytes: (bytes: Uint8Array) => void,
  signal: AbortSignal,
  onRead: (bytes: number) => void = () => undefined,
): Promise<string | undefined> {
  let gunzip: Unpacking | undefined;
  let isFirst = true;
  for await (const chunk of store.stream(object.key, {}, signal)) {
    signal.throwIfAborted();
    onRead(chunk.length);
    if (isFirst && formatOf(chunk) === 'gzip') gunzip = unpacking(onBytes);
    isFirst = false;
    if (gunzip === undefined) onBytes(chunk);
    else if (!(await written(gunzip, chunk))) break;
  }
  return gunzip?.end();
}

/** zlib gives back nothing of a piece that holds damage, so pieces are small. */
const pieceBytes = 8_192;

async function written(gunzip: Unpacking, chunk: Uint8Array): Promise<boolean> {
  for (let at = 0; at < chunk.length; at += pieceBytes)
    if ((await gunzip.write(chunk.subarray(at, at + pieceBytes))) === 'broken') return false;
  return true;
}

interface Unpacking {
  /** Resolves when more may be written. */
  readonly write: (chunk: Uint8Array) => Promise<'open' | 'broken'>;
  readonly end: () => Promise<string | undefined>;
}

/** Bytes are handed on as they come out: an iterator over the stream would lose what it holds when the end is broken. */
function unpacking(onBytes: (bytes: Uint8Array) => void): Unpacking {
  const gunzip: Gunzip = createGunzip({ chunkSize: 1 << 18 });
  const over = Promise.withResolvers<string | undefined>();
  let broken = false;
  let fault: unknown;
  gunzip.on('data', (bytes: Uint8Array) => {
    try {
      onBytes(bytes);
    } catch (error) {
      fault = error;
      gunzip.destroy();
    }
  });
  gunzip.on('end', () => over.resolve(undefined));
  gunzip.on('close', () => over.resolve(undefined));
  gunzip.on('error', (error: NodeJS.ErrnoException) => {
    broken = true;
    over.resolve(
      error.code === 'Z_BUF_ERROR'
        ? 'the gzip file is cut off; what was there is used'
        : `the gzip file is damaged (${error.message}); what came before is used`,
    );
  });
  return {
    async write(chunk) {
      if (!broken && !gunzip.destroyed && !gunzip.write(chunk)) {
        const drained = Promise.withResolvers<undefined>();
        gunzip.once('drain', drained.resolve);
        await Promise.race([drained.promise, over.promise]);
        gunzip.off('drain', drained.resolve);
      }
      return broken || gunzip.destroyed ? 'broken' : 'open';
    },
    async end() {
      gunzip.end();
      const problem = await over.promise;
      if (fault instanceof Error) throw fault;
      return problem;
    },
  };
}
