import type { Documents } from '../../ports/documents.ts';
import { s3Objects, type S3Options } from './s3-objects.ts';

/** Documents under `s3://bucket/key` paths; a version is S3's ETag, so that asking again costs one small request. */
export function s3Documents(options: S3Options & { readonly maxBytes?: number } = {}): Documents {
  const maxBytes = options.maxBytes ?? 256 * 1024 * 1024;
  const stores = new Map<string, ReturnType<typeof s3Objects>>();
  return {
    async read(path, knownVersion, signal) {
      const cut = path.lastIndexOf('/');
      const folder = path.slice(0, cut);
      let store = stores.get(folder);
      if (store === undefined) {
        store = s3Objects(folder, options);
        stores.set(folder, store);
      }
      const reading = await store.read(path.slice(cut + 1), knownVersion, signal);
      if (reading.kind === 'changed' && reading.bytes.length > maxBytes)
        throw new Error(`${path} holds ${reading.bytes.length} bytes; at most ${maxBytes} are read.`);
      return reading;
    },
  };
}
