import type { DecisionMessage } from '../../api/messages.ts';

/** The last decisions, in memory: what Explain tells. */
export interface DecisionLog {
  /** A new id, later than every id before it. */
  readonly nextId: () => string;
  readonly add: (decision: DecisionMessage) => void;
  readonly byId: (decisionId: string) => DecisionMessage | undefined;
  /** Newest first. */
  readonly last: (count: number) => readonly DecisionMessage[];
  readonly size: () => number;
}

export interface DecisionLogBounds {
  readonly maxDecisions: number;
  /** Over all decisions: a few scale-ups of thousands of options must not fill the memory. */
  readonly maxCandidates: number;
  readonly maxCandidatesPerDecision: number;
}

const decisionLogBounds: DecisionLogBounds = {
  maxDecisions: 500,
  maxCandidates: 50_000,
  maxCandidatesPerDecision: 1_000,
};

export function decisionLog(
  nextId: () => string,
  bounds: DecisionLogBounds = decisionLogBounds,
): DecisionLog {
  // A Map remembers the order of insertion, so its first entry is the oldest.
  const byId = new Map<string, DecisionMessage>();
  let candidates = 0;

  const forgetOldest = () => {
    for (const [id, oldest] of byId) {
      if (byId.size <= bounds.maxDecisions && (candidates <= bounds.maxCandidates || byId.size === 1)) return;
      byId.delete(id);
      candidates -= oldest.candidates.length;
    }
  };

  return {
    nextId,
    add: (decision) => {
      const kept = { ...decision, candidates: decision.candidates.slice(0, bounds.maxCandidatesPerDecision) };
      byId.set(kept.decision_id, kept);
      candidates += kept.candidates.length;
      forgetOldest();
    },
    byId: (decisionId) => byId.get(decisionId),
    last: (count) => (count <= 0 ? [] : [...byId.values()].slice(-count).reverse()),
    size: () => byId.size,
  };
}
