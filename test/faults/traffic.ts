import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TrafficOrder, TrafficQuestion, TrafficReport } from './traffic-messages.ts';

/** Calls that go on whatever happens, until `stop`. */
export interface Traffic {
  readonly report: () => Promise<TrafficReport>;
  /** From here `sinceMark` counts anew. */
  readonly mark: () => Promise<TrafficReport>;
  /** Lets open calls end. */
  readonly stop: () => Promise<TrafficReport>;
}

export function startedTraffic(order: TrafficOrder): Traffic {
  const thread = new Worker(new URL('./traffic-thread.ts', import.meta.url), { workerData: order });
  let last: Promise<unknown> = Promise.resolve();
  const asked = (question: TrafficQuestion): Promise<TrafficReport> => {
    // One question at a time, so that each answer is that of its question.
    const answer = last.then(async () => {
      thread.postMessage(question);
      const [report] = (await once(thread, 'message')) as [TrafficReport];
      return report;
    });
    last = answer.catch(() => undefined);
    return answer;
  };
  return {
    report: () => asked({ kind: 'report' }),
    mark: () => asked({ kind: 'mark' }),
    stop: () => asked({ kind: 'stop' }),
  };
}
