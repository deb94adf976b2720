import { accessSync, constants, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { messageOf } from '../errors/message-of.ts';

/**
 * Why no folder can be at a path; undefined where one is that may be written, or can be made. Looked at before it is needed:
 * mode bits say yes where a file system such as /proc still says no, and there Node's recursive mkdir tries for ever.
 */
export function whyNoFolder(path: string): string | undefined {
  const wanted = resolve(path);
  let folder = wanted;
  while (statSync(folder, { throwIfNoEntry: false }) === undefined && dirname(folder) !== folder)
    folder = dirname(folder);
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is no folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (folder === wanted) return undefined;
    const trial = join(folder, `.spot-expander-${process.pid}`);
    mkdirSync(trial);
    rmSync(trial, { recursive: true });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A folder that is there, or can be made. */
export const folderToMake = z
  .string()
  .min(1, 'must be a path')
  .superRefine((path, context) => {
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
    const why = isThere ? undefined : whyNoFolder(path);
    if (why !== undefined)
      context.addIssue({ code: 'custom', message: `no folder can be made there: ${why}` });
  });
