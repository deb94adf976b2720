import type { Clock } from '../ports/clock.ts';

/**
 * Lets the first of many alike through, and then one in each span of `everyMs`, with how many were withheld since:
 * what anybody on the network can cause a million times must not fill a log.
 */
export function rateLimited(
  everyMs: number,
  clock: Pick<Clock, 'monotonicMs'>,
): (tell: (withheld: number) => void) => void {
  let nextMs = -Infinity;
  let withheld = 0;
  return (tell) => {
    const nowMs = clock.monotonicMs();
    if (nowMs < nextMs) {
      withheld += 1;
      return;
    }
    nextMs = nowMs + everyMs;
    tell(withheld);
    withheld = 0;
  };
}
