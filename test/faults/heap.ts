import { setTimeout as sleep } from 'node:timers/promises';
import { residentMb, type ServerProcess } from './server-process.ts';

/** The server's JavaScript heap through Node's inspector: collected for certain, then measured. */
export interface Heap {
  /** Bytes in use after a full collection. */
  readonly usedAfterCollection: () => Promise<number>;
  readonly close: () => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const answerMs = 30_000;

export async function inspectedHeap(port: number): Promise<Heap> {
  const listed = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as readonly {
    readonly webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(listed[0]?.webSocketDebuggerUrl ?? '');
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  });
  const waiting = new Map<number, Waiting>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as {
      readonly id?: number;
      readonly result?: unknown;
      readonly error?: { readonly message: string };
    };
    const asked = waiting.get(answer.id ?? 0);
    if (asked === undefined) return;
    waiting.delete(answer.id ?? 0);
    if (answer.error === undefined) asked.resolve(answer.result);
    else asked.reject(new Error(answer.error.message));
  });
  const call = (method: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      last += 1;
      const id = last;
      waiting.set(id, { resolve, reject });
      setTimeout(() => {
        if (waiting.delete(id)) reject(new Error(`the inspector gave no answer to ${method}`));
      }, answerMs).unref();
      socket.send(JSON.stringify({ id, method }));
    });
  return {
    usedAfterCollection: async () => {
      await call('HeapProfiler.collectGarbage');
      await call('HeapProfiler.collectGarbage');
      const usage = (await call('Runtime.getHeapUsage')) as { readonly usedSize: number };
      return usage.usedSize;
    },
    close: () => socket.close(),
  };
}

/** Resident memory, MB, once everything that can be collected has been. */
export async function settledMb({ pid }: ServerProcess, inspectorPort: number): Promise<number> {
  const heap = await inspectedHeap(inspectorPort);
  try {
    await heap.usedAfterCollection();
    // Pages are given back to the system a moment after the collection.
    await sleep(500);
    await heap.usedAfterCollection();
    return residentMb(pid).now;
  } finally {
    heap.close();
  }
}
