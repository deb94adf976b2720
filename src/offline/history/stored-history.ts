import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import { unpacking, type ByteSink, type Packing, type Unpacking } from './unpacking.ts';
import { zipUnpacking } from './zip-unpacking.ts';

/** The first bytes tell the format: names lie. */
export type HistoryFormat = Packing | 'zip' | 'not-unpacked' | 'parquet' | 'json' | 'text' | 'empty';

const begins: readonly (readonly [HistoryFormat, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['parquet', [0x50, 0x41, 0x52, 0x31]],
  // bzip2, xz and 7z.
  ['not-unpacked', [0x42, 0x5a, 0x68]],
  ['not-unpacked', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['not-unpacked', [0x37, 0x7a, 0xbc, 0xaf]],
];

export function formatOf(head: Uint8Array): HistoryFormat {
  if (head.length === 0) return 'empty';
  const begun = begins.find(([, bytes]) => bytes.every((byte, at) => head[at] === byte));
  if (begun !== undefined) return begun[0];
  const text = Buffer.from(head).toString('latin1', 0, 64);
  return /^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(text) ? 'json' : 'text';
}

/**
 * Feeds an object's bytes to the sink, unpacked where they are gzip, zstd or zip. Returns what was wrong: all that could be unpacked
 * before a broken or missing end has been fed by then.
 */
export async function feed(
  store: ObjectStore,
  object: StoredObject,
  sink: ByteSink,
  signal: AbortSignal,
  onRead: (bytes: number) => void = () => undefined,
): Promise<string | undefined> {
  let open: Unpacking | undefined;
  let isFirst = true;
  for await (const chunk of store.stream(object.key, signal)) {
    signal.throwIfAborted();
    onRead(chunk.length);
    if (isFirst) {
      isFirst = false;
      const format = formatOf(chunk);
      if (format === 'not-unpacked')
        return 'packed in a way that is not read: unpack it, or pack it with gzip, zstd or zip';
      if (format === 'gzip' || format === 'zstd') open = unpacking(format, sink.onBytes);
      else if (format === 'zip') open = zipUnpacking(sink);
    }
    if (open === undefined) sink.onBytes(chunk);
    else if (!(await written(open, chunk))) break;
  }
  return open?.end();
}

/** zlib gives back nothing of a piece that holds damage, so pieces are small. */
const pieceBytes = 8_192;

async function written(open: Unpacking, chunk: Uint8Array): Promise<boolean> {
  for (let at = 0; at < chunk.length; at += pieceBytes)
    if ((await open.write(chunk.subarray(at, at + pieceBytes))) === 'broken') return false;
  return true;
}
