import { nativeSameBytes } from '../src/adapters/grpc/native-same-bytes.ts';
import { groupFactsOf } from '../src/decision/group-rules.ts';
import { decideScaleUp } from '../src/decision/pipeline.ts';
import { defaultPolicy } from '../src/decision/policy.ts';
import { readBestOptions } from '../src/wire/best-options-reader.ts';
import { costlyRequests as requests, widePools } from '../scripts/costly-requests.ts';
import { bundledKnowledge } from './bundled-knowledge.ts';
import type { Bench, Measurement } from './measurement.ts';
import { elapsed, quantile, threadMs } from './quantile.ts';
import type { Row } from './row.ts';

const atMostMs = 200;

/** Requests that are small for what they ask to be compared, from bytes to answer: the work of the one thread that answers. */
export const costlyRequests: readonly Measurement[] = requests.map(({ name, bytes }) => ({
  name: `costly request: ${name}`,
  rows: async ({ quick }: Bench): Promise<readonly Row[]> => {
    const stop = new AbortController();
    try {
      const knowledge = {
        ...(await bundledKnowledge(stop.signal)),
        groupFacts: groupFactsOf([widePools]),
      };
      const message = bytes(1);
      const answer = (): void => {
        const request = readBestOptions(message, nativeSameBytes);
        decideScaleUp(request, knowledge, defaultPolicy, Date.now());
      };
      const p50 = quantile(elapsed(quick ? 3 : 9, answer, 2, threadMs), 0.5);
      return [
        {
          name: `costly request: ${name}, ${(message.length / 1e6).toFixed(1)} MB`,
          ours: p50,
          peer: undefined,
          unit: 'ms',
          target: { words: `< ${atMostMs} ms`, met: p50 < atMostMs },
        },
      ];
    } finally {
      stop.abort();
    }
  },
}));
