import type { DecisionMessage } from '../../api/messages.ts';

/** What the log says of one decision: structured fields and a sentence. */
export interface DecisionLine {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

/** Long answers and long lists of reasons are cut: the whole is in Explain and in the recording. */
const mostIds = 20;

export function decisionLine(decision: DecisionMessage): DecisionLine {
  const { request, degradation, answer } = decision;
  const best = decision.candidates.find(({ rank }) => rank === 1);
  const durationMs = decision.timings.find(({ part }) => part === 'total')?.duration_ms;
  return {
    fields: {
      decisionId: decision.decision_id,
      kind: decision.kind,
      answer: answer.slice(0, mostIds),
      answerCount: answer.length,
      degradation: degradation.step,
      degradationReasons: degradation.reasons.slice(0, mostIds),
      candidates: decision.candidate_count,
      drops: decision.drops,
      ...(best !== undefined && {
        best: {
          id: best.id,
          pricePerHour: best.price_per_hour,
          tco: best.tco,
          crashProbability: best.crash_probability,
          expectedFrequency: best.expected_frequency,
          yield: best.yield_score,
          heat: best.heat,
        },
      }),
      ...(decision.kind === 'scale-up' && {
        options: request.options,
        pods: request.pods,
        requestBytes: request.bytes,
        unreadable: request.unreadable_pods + request.unreadable_nodes,
      }),
      ...(durationMs !== undefined && { durationMs }),
      reason: decision.reason,
    },
    sentence: sentenceOf(decision),
  };
}

function sentenceOf({ kind, answer, request }: DecisionMessage): string {
  const [first = 'nothing'] = answer;
  if (kind === 'evaluate') return `${request.question}: ${first}`;
  const what = answer.length > 1 ? `${answer.length} ids` : first;
  return kind === 'scale-up'
    ? `scale-up answered with ${what}`
    : `${request.question} ranked, best is ${what}`;
}
