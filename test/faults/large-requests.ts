import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface LargeRequestsOrder {
  readonly port: number;
  readonly rootPem: string;
  readonly bytes: number;
  /** Clients at a time. */
  readonly parallel: number;
  readonly rounds: number;
}

export interface LargeRequestsReport {
  readonly bytes: number;
  /** How often: `answered`, a fault of an answer, or a status. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export async function sentLargeRequests(order: LargeRequestsOrder): Promise<LargeRequestsReport> {
  const thread = new Worker(new URL('./large-requests-thread.ts', import.meta.url), { workerData: order });
  const [report] = (await once(thread, 'message')) as [LargeRequestsReport];
  await thread.terminate();
  return report;
}
