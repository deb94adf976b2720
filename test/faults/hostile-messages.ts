import { Worker } from 'node:worker_threads';

export interface HostileMessagesOrder {
  readonly port: number;
  readonly rootPem: string;
  readonly count: number;
  readonly seed: number;
}

export interface HostileMessagesReport {
  readonly sent: number;
  readonly answered: number;
  readonly refused: number;
  readonly slowestMs: number;
  /** The first few outcomes that should not be. */
  readonly faults: readonly string[];
}

type Told =
  | { readonly kind: 'progress'; readonly sent: number }
  | { readonly kind: 'done'; readonly report: HostileMessagesReport };

/** Sends them from a thread of its own. */
export function sentHostileMessages(
  order: HostileMessagesOrder,
  onProgress: (sent: number) => void,
): Promise<HostileMessagesReport> {
  const thread = new Worker(new URL('./hostile-messages-thread.ts', import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    thread.on('error', reject);
    thread.on('message', (told: Told) => {
      if (told.kind === 'progress') onProgress(told.sent);
      else {
        resolve(told.report);
        void thread.terminate();
      }
    });
  });
}
