import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something to be so; fails with what was waited for, and the last error if there was one. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 8_000,
): Promise<T> {
  const endMs = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > endMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`, { cause: last });
    await sleep(25);
  }
}
