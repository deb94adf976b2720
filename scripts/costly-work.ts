/** Counts, on a thread of its own, the work of answering each costly request at several sizes: told to the parent, or printed. */
import { isMainThread, parentPort } from 'node:worker_threads';
import { workCounter } from './counted-work.ts';

/** Bytes of a request, and the blocks of code that its answer takes. */
export interface CountedRequest {
  readonly name: string;
  readonly sizes: readonly { readonly bytes: number; readonly blocks: number }[];
}

const scales = [0.01, 0.02, 0.04];

async function counted(): Promise<readonly CountedRequest[]> {
  const blocksOf = await workCounter();
  const { costlyRequests } = await import('./costly-requests.ts');
  const { costlyKnowledge } = await import('./costly-knowledge.ts');
  const { readBestOptions } = await import('../src/wire/best-options-reader.ts');
  const { decideScaleUp } = await import('../src/decision/pipeline.ts');
  const { defaultPolicy } = await import('../src/decision/policy.ts');
  const requests: CountedRequest[] = [];
  for (const { name, bytes } of costlyRequests) {
    const sizes: { bytes: number; blocks: number }[] = [];
    for (const scale of scales) {
      const request = bytes(scale);
      const blocks = await blocksOf(() => {
        decideScaleUp(readBestOptions(request), costlyKnowledge, defaultPolicy, 0);
      });
      sizes.push({ bytes: request.length, blocks });
    }
    requests.push({ name, sizes });
  }
  return requests;
}

const requests = await counted();
if (isMainThread) for (const one of requests) console.log(one.name, one.sizes);
else parentPort?.postMessage(requests);
