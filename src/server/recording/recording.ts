import { z } from 'zod';
import { decisionMessage } from '../../api/answers.ts';
import type { Policy } from '../../decision/policy.ts';
import type { ScaleUpRequest } from '../../decision/scale-up-request.ts';
import { UsageError } from '../../errors/usage-error.ts';
import type { DecisionMessage } from '../../api/messages.ts';
import { recordedFacts, type RecordedFacts } from './recorded-facts.ts';
import { recordedPolicy } from './recorded-policy.ts';
import { recordedRequest, requestFromRecord, requestToRecord } from './recorded-request.ts';
import type { NamedText } from './recorder.ts';

const format = 'spot-expander-recording/1';

/** One answered scale-up with everything that it rests on. docs/api.md describes the file. */
export interface Recording {
  readonly atMs: number;
  readonly request: ScaleUpRequest;
  readonly policy: Policy;
  readonly facts: RecordedFacts;
  readonly answer: DecisionMessage;
}

const recordingFile = z.object({
  format: z.literal(format, { error: `must be ${JSON.stringify(format)}` }),
  at_ms: z.number(),
  request: recordedRequest,
  policy: recordedPolicy,
  facts: recordedFacts,
  answer: decisionMessage,
});

/** Named by the decision, so that the names sort by time. */
export function namedRecording(recording: Recording): NamedText {
  return {
    name: recording.answer.decision_id,
    text: JSON.stringify({
      format,
      at_ms: recording.atMs,
      request: requestToRecord(recording.request),
      policy: recording.policy,
      facts: recording.facts,
      answer: recording.answer,
    }),
  };
}

/**
 * The recording in a file's text.
 * @throws UsageError that says what is wrong with the file.
 */
export function recordingFrom(text: string, path: string): Recording {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError([`${path} is not a recording: it is not JSON`], { cause: error });
  }
  const parsed = recordingFile.safeParse(value);
  if (parsed.success) {
    const { at_ms, request, policy, facts, answer } = parsed.data;
    return { atMs: at_ms, request: requestFromRecord(request), policy, facts, answer };
  }
  throw new UsageError(
    parsed.error.issues
      .slice(0, 10)
      .map((issue) => `${path} is not a recording: ${issue.path.join('.')} ${issue.message}`),
    { cause: parsed.error },
  );
}
