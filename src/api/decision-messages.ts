import type { ScaleUpDecision } from '../decision/decision.ts';
import type { ScaleUpRequest } from '../decision/scale-up-request.ts';
import type { DecisionMessage, EvaluateResponse, RankResponse, RequestSummary, Timing } from './messages.ts';
import { candidateMessages, dropCounts } from './candidate-messages.ts';

export interface ScaleUpAnswered {
  readonly decisionId: string;
  readonly nowMs: number;
  readonly request: ScaleUpRequest;
  /** Size of the message as received. */
  readonly requestBytes: number;
  readonly decision: ScaleUpDecision;
  readonly timings: readonly Timing[];
}

/** A scale-up of the autoscaler as Explain tells it. */
export function scaleUpMessage(answered: ScaleUpAnswered): DecisionMessage {
  const { request, decision } = answered;
  const candidates = candidateMessages(decision);
  return {
    decision_id: answered.decisionId,
    time: new Date(answered.nowMs).toISOString(),
    kind: 'scale-up',
    request: {
      options: request.options.length,
      pods: request.pods.length,
      node_templates: request.nodes.size,
      unreadable_pods: request.unreadable.pods,
      unreadable_nodes: request.unreadable.nodes,
      bytes: answered.requestBytes,
      question: '',
    },
    answer: decision.answer,
    reason: decision.reason,
    degradation: decision.degradation,
    candidates,
    candidate_count: candidates.length,
    drops: dropCounts(decision.drops),
    timings: answered.timings,
    remarks: decision.remarks,
  };
}

interface Asked {
  readonly nowMs: number;
  readonly question: string;
  readonly drops: DecisionMessage['drops'];
  readonly timings: readonly Timing[];
}

export function rankMessage(response: RankResponse, asked: Asked): DecisionMessage {
  const best = response.candidates.filter(({ rank }) => rank === 1).map(({ id }) => id);
  return {
    decision_id: response.decision_id,
    time: new Date(asked.nowMs).toISOString(),
    kind: 'rank',
    request: ownRequest(response.candidates.length, asked.question),
    answer: best,
    reason: response.reason,
    degradation: response.degradation,
    candidates: response.candidates,
    candidate_count: response.candidates.length,
    drops: asked.drops,
    timings: asked.timings,
    remarks: response.remarks,
  };
}

export function evaluateMessage(response: EvaluateResponse, asked: Asked): DecisionMessage {
  const candidates = response.selected_candidate === null ? [] : [response.selected_candidate];
  return {
    decision_id: response.decision_id,
    time: new Date(asked.nowMs).toISOString(),
    kind: 'evaluate',
    request: ownRequest(1, asked.question),
    answer: [response.decision],
    reason: response.reason,
    degradation: response.degradation,
    candidates,
    candidate_count: candidates.length,
    drops: asked.drops,
    timings: asked.timings,
    remarks: [],
  };
}

function ownRequest(options: number, question: string): RequestSummary {
  return {
    options,
    pods: 0,
    node_templates: 0,
    unreadable_pods: 0,
    unreadable_nodes: 0,
    bytes: 0,
    question,
  };
}
