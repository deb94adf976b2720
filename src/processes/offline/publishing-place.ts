import { whyNoFolder } from '../../config/writable-folder.ts';
import { UsageError } from '../../errors/usage-error.ts';

/**
 * Where something is to be published, looked at before the hours that making it may take. Folders are made when it is
 * published; what a bucket allows shows only then.
 * @throws UsageError when a folder cannot be there.
 */
export function publishingPlace(out: string): string {
  const place = out.replace(/(?<=.)\/+$/, '');
  if (place.startsWith('s3://')) return place;
  const why = whyNoFolder(place);
  if (why !== undefined) throw new UsageError([`nothing can be published at --out ${place}: ${why}`]);
  return place;
}
