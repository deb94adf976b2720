import type { Ageing } from './knowledge-events.ts';
import type { KnowledgeStatus } from './knowledge-status.ts';

export interface AgeWatchOptions {
  readonly status: () => Pick<KnowledgeStatus, 'ages'>;
  /** Called when something has grown old, and when it is fresh again. */
  readonly onAgeing: (ageing: Ageing) => void;
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
}

/**
 * Looks at the age of knowledge once a second until the signal: nothing happens when it passes its limit, so nobody else
 * would tell. What is old from the beginning is told of by whoever shows the status at the start.
 */
export function ageWatch({ status, onAgeing, signal, lookEveryMs = 1_000 }: AgeWatchOptions): void {
  const wasOld = new Map<Ageing['source'], boolean>();
  const timer = setInterval(() => {
    for (const { source, isOld, sentence } of status().ages) {
      const before = wasOld.get(source);
      wasOld.set(source, isOld);
      if (before !== undefined && before !== isOld) onAgeing({ source, isOld, sentence });
    }
  }, lookEveryMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
