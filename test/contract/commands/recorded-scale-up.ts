import { readFile } from 'node:fs/promises';
import { decisionIds } from '../../../src/api/decision-ids.ts';
import { scaleUpMessage } from '../../../src/api/decision-messages.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { localAdvisor } from '../../../src/processes/ask/local-advisor.ts';
import { tracedKnowledge } from '../../../src/server/recording/recorded-facts.ts';
import type { NamedText } from '../../../src/server/recording/recorder.ts';
import { namedRecording } from '../../../src/server/recording/recording.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';
import { commandContext } from './command-context.ts';

/** What `serve --record` writes for a request that a real autoscaler sent. */
export async function recordedScaleUp(home: string): Promise<NamedText> {
  const bytes = await readFile(new URL('../../fixtures/real_request.ca-1.35.2.bin', import.meta.url));
  const request = readBestOptions(bytes);
  const local = await localAdvisor({ riskModel: 'mock' }, commandContext(home));
  const { knowledge, policy, nowMs } = local.basis();
  await local.close();
  const traced = tracedKnowledge(knowledge);
  const decision = decideScaleUp(request, traced.knowledge, policy, nowMs);
  const nextId = decisionIds(
    () => nowMs,
    () => 0,
  );
  const answer = scaleUpMessage({
    decisionId: nextId(),
    nowMs,
    request,
    requestBytes: bytes.length,
    decision,
    timings: [],
  });
  return namedRecording({ atMs: nowMs, request, policy, facts: traced.facts(), answer });
}
