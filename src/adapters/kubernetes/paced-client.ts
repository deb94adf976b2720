import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from './kube-client.ts';

export interface Pace {
  /** 0: no limit. */
  readonly perSecond: number;
  /** So many go at once before the pace counts. */
  readonly burst: number;
}

/** Asks the API server no faster than that: whoever comes too early waits for its turn, in the order of coming. */
export function pacedClient(client: KubeClient, { perSecond, burst }: Pace): KubeClient {
  if (perSecond === 0) return client;
  const everyMs = 1_000 / perSecond;
  let freeAtMs = -Infinity;

  async function turn(signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs - (burst - 1) * everyMs) + everyMs;
    const waitMs = freeAtMs - everyMs - nowMs;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }

  return {
    ...client,
    async call(call, signal) {
      await turn(signal);
      return client.call(call, signal);
    },
    async skim(path, skimmer, signal) {
      await turn(signal);
      return client.skim(path, skimmer, signal);
    },
  };
}
