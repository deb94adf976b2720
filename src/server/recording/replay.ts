import { scaleUpMessage } from '../../api/decision-messages.ts';
import { layerStopwatch } from '../../api/layer-stopwatch.ts';
import type { Knowledge } from '../../decision/knowledge.ts';
import { decideScaleUp } from '../../decision/pipeline.ts';
import type { Policy } from '../../decision/policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DecisionMessage } from '../../api/messages.ts';
import { recordedKnowledge } from './recorded-facts.ts';
import type { Recording } from './recording.ts';

/** What a recorded request is decided by when it is run again. */
export interface ReplayBasis {
  readonly knowledge: Knowledge;
  readonly policy: Policy;
  readonly nowMs: number;
}

/** As it was then: a difference to the recorded answer comes from the program alone. */
export function basisThen({ facts, policy, atMs }: Recording): ReplayBasis {
  return { knowledge: recordedKnowledge(facts), policy, nowMs: atMs };
}

/** The recorded request, decided again. */
export function replayed(recording: Recording, basis: ReplayBasis, clock: Clock): DecisionMessage {
  const stopwatch = layerStopwatch(clock);
  const decision = decideScaleUp(
    recording.request,
    basis.knowledge,
    basis.policy,
    basis.nowMs,
    stopwatch.observe,
  );
  return scaleUpMessage({
    decisionId: recording.answer.decision_id,
    nowMs: basis.nowMs,
    request: recording.request,
    requestBytes: recording.answer.request.bytes,
    decision,
    timings: stopwatch.timings(),
  });
}
