import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';

const lookEveryMs = 2_000;
const fewestCharacters = 16;
const mostBytes = 4_096;

/**
 * Whether a text is the token in the file, as the file is now; one that cannot be read any more leaves the last one in force.
 * @throws UsageError when there is no token to begin with: a server that was meant to be closed must not stand open.
 */
export function apiToken(path: string, clock: Clock, log: Log): (text: string) => boolean {
  let { digest, version } = readToken(path);
  let lookedAtMs = clock.monotonicMs();
  let refused = '';
  return (text) => {
    if (clock.monotonicMs() - lookedAtMs >= lookEveryMs) {
      lookedAtMs = clock.monotonicMs();
      try {
        if (versionOf(path) !== version) ({ digest, version } = readToken(path));
        refused = '';
      } catch (error) {
        const why = messageOf(error);
        if (why !== refused) log.error({}, `the token of before stays in force: ${why}`);
        refused = why;
      }
    }
    return timingSafeEqual(digestOf(text), digest);
  };
}

function readToken(path: string): { readonly digest: Buffer; readonly version: string } {
  try {
    const version = versionOf(path);
    const token = readFileSync(path, 'utf8').slice(0, mostBytes).trim();
    if (token.length < fewestCharacters)
      throw new Error(`it holds ${token.length} characters; make one with: openssl rand -hex 32`);
    return { digest: digestOf(token), version };
  } catch (cause) {
    throw new UsageError([`api_token_file ${path} cannot be used: ${messageOf(cause)}`], { cause });
  }
}

function versionOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path);
  return `${mtimeMs} ${size} ${ino}`;
}

/** Of one length, so that comparing tells nothing of how much was right. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
