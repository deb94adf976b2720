import { createHmac, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const keyBytes = 32;

export interface AgentKey {
  /** 32 hexadecimal digits that only a holder of the key can make for this text. */
  readonly seal: (text: string) => string;
  /** Why the key lasts no longer than this process; undefined: the next agent finds it. */
  readonly isShortLived: string | undefined;
}

/**
 * The key with which this node's agents prove to each other that a mark is their own. It is made once and stays in a folder
 * that outlives the container and not the pod. Where it cannot be kept, marks of before a restart are not obeyed.
 */
export function agentKey(directory: string): AgentKey {
  const { key, isShortLived } = keptKey(directory);
  return {
    seal: (text) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32),
    isShortLived,
  };
}

function keptKey(directory: string): { readonly key: Buffer; readonly isShortLived: string | undefined } {
  const path = join(directory, 'mark-key');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(directory);
    // Whoever may write here may know the key.
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0)
      return { key: randomBytes(keyBytes), isShortLived: `${directory} is not this user's alone` };
    const known = readKey(path);
    if (known !== undefined) return { key: known, isShortLived: undefined };
    const key = randomBytes(keyBytes);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, key, { mode: 0o600, flag: 'wx' });
    renameSync(draft, path);
    return { key, isShortLived: undefined };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { key: randomBytes(keyBytes), isShortLived: why };
  }
}

function readKey(path: string): Buffer | undefined {
  try {
    if (!lstatSync(path).isFile()) return undefined;
    const key = readFileSync(path);
    return key.length === keyBytes ? key : undefined;
  } catch {
    return undefined;
  }
}
