import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { neededFlag } from './learning-flags.ts';
import type { Flags } from './learning-flags.ts';

/**
 * Where a model is to be published, looked at before the hours that learning may take. Folders are made when it is published;
 * what a bucket allows shows only then.
 * @throws UsageError when a folder cannot be there.
 */
export function publishingPlace(flags: Flags): string {
  const place = neededFlag(flags, 'out').replace(/(?<=.)\/+$/, '');
  if (place.startsWith('s3://')) return place;
  let folder = resolve(place);
  while (statSync(folder, { throwIfNoEntry: false }) === undefined && dirname(folder) !== folder)
    folder = dirname(folder);
  try {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = messageOf(cause);
    throw new UsageError([`nothing can be published at --out ${place}: ${why}`], { cause });
  }
  return place;
}
