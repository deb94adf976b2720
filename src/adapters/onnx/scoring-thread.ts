import { Worker } from 'node:worker_threads';
import type { ScoringReply, ScoringTask, WorkerModel } from './scoring-messages.ts';

/** A thread of its own for scoring, started with the first task and again after it died. */
export interface ScoringThread {
  /** @throws when the thread fails or the signal ends the wait; a thread that is given up is ended. */
  readonly score: (file: string, matrix: Float32Array, signal: AbortSignal) => Promise<Float32Array>;
  readonly close: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

// The sources run as they are in development and compiled in the image.
const program = new URL(
  import.meta.url.endsWith('.ts') ? './scoring-worker.ts' : './scoring-worker.js',
  import.meta.url,
);

export function scoringThread(model: WorkerModel): ScoringThread {
  let worker: Worker | undefined;
  let nextId = 0;
  const waiting = new Map<number, Waiting>();

  function failAll(error: Error): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function started(): Worker {
    if (worker !== undefined) return worker;
    const made = new Worker(program, { workerData: model });
    made.unref();
    made.on('message', (reply: ScoringReply) => {
      const one = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('scores' in reply) one?.resolve(reply.scores);
      else one?.reject(new Error(reply.failure));
    });
    const onEnd = (error: Error): void => {
      if (worker !== made) return;
      worker = undefined;
      failAll(error);
    };
    made.on('error', (error) => onEnd(error instanceof Error ? error : new Error(String(error))));
    made.on('exit', (code) => onEnd(new Error(`The scoring thread ended with code ${code}.`)));
    worker = made;
    return made;
  }

  async function end(reason: Error): Promise<void> {
    const ending = worker;
    worker = undefined;
    failAll(reason);
    await ending?.terminate();
  }

  return {
    score(file, matrix, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
      if (signal.aborted) return Promise.reject(stopReason(signal));
      const id = nextId++;
      const onAbort = (): void => void end(stopReason(signal));
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.set(id, { resolve, reject });
      const task: ScoringTask = { id, file, matrix };
      started().postMessage(task, matrix.buffer instanceof ArrayBuffer ? [matrix.buffer] : []);
      return promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
    close: () => end(new Error('The model was closed.')),
  };
}

function stopReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error
    ? signal.reason
    : new Error('Scoring was stopped.', { cause: signal.reason });
}
