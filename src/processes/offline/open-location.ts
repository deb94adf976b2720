import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { OpenedLocation } from '../../ports/opened-location.ts';

/** Opens a directory's path or `s3://bucket/prefix` as a store; the S3 client is loaded only for the latter. */
export async function openStore(location: string): Promise<ObjectStore> {
  if (location.startsWith('s3://'))
    return (await import('../../adapters/s3/s3-objects.ts')).s3Objects(location);
  return (await import('../../adapters/files/directory-objects.ts')).directoryObjects(location);
}

/** Opens what a person names: a file, a directory or `s3://bucket/prefix`. */
export async function openLocation(location: string, signal: AbortSignal): Promise<OpenedLocation> {
  const parquet = async () => (await import('../../adapters/parquet/parquet-reader.ts')).parquetReader;
  if (!location.startsWith('s3://')) {
    const stats = await stat(location).catch(() => undefined);
    if (stats?.isFile() === true) {
      const store = await openStore(dirname(location));
      return { store, objects: [{ key: basename(location), bytes: stats.size }], parquet };
    }
  }
  const store = await openStore(location);
  return { store, objects: await store.list('', signal), parquet };
}
