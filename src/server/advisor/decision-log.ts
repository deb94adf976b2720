import type { DecisionMessage } from '../../api/messages.ts';
import { DecisionShares } from './decision-shares.ts';
import { heldBytes, withShortStrings } from './held-bytes.ts';

/** The last decisions, in memory: what Explain tells. */
export interface DecisionLog {
  /** A new id, later than every id before it. */
  readonly nextId: () => string;
  /** @param caller whose room it takes: a flood of one caller, or of one kind of question, forgets its own first */
  readonly add: (decision: DecisionMessage, caller?: string) => void;
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
  /** Over all decisions, whatever their names and sentences are. */
  readonly maxBytes: number;
  readonly maxBytesPerDecision: number;
}

const decisionLogBounds: DecisionLogBounds = {
  maxDecisions: 500,
  maxCandidates: 50_000,
  maxCandidatesPerDecision: 1_000,
  maxBytes: 48 * 1024 * 1024,
  maxBytesPerDecision: 2 * 1024 * 1024,
};

/** No name is longer and no sentence should be: what is, was made to fill memory. */
const mostCharacters = 4_096;

export function decisionLog(
  nextId: () => string,
  bounds: DecisionLogBounds = decisionLogBounds,
): DecisionLog {
  // A Map remembers the order of insertion, so its first entry is the oldest.
  const byId = new Map<string, KeptDecision>();
  const shares = new DecisionShares({
    decisions: bounds.maxDecisions,
    candidates: bounds.maxCandidates,
    bytes: bounds.maxBytes,
  });
  let candidates = 0;
  let bytes = 0;

  const isFull = () =>
    byId.size > bounds.maxDecisions ||
    ((candidates > bounds.maxCandidates || bytes > bounds.maxBytes) && byId.size > 1);
  const forgetOldest = () => {
    while (isFull()) {
      const id = shares.forgotten() ?? '';
      const oldest = byId.get(id);
      if (oldest === undefined) return;
      byId.delete(id);
      candidates -= oldest.decision.candidates.length;
      bytes -= oldest.bytes;
    }
  };

  return {
    nextId,
    add: (decision, caller = '') => {
      const kept = boundedDecision(decision, bounds);
      const id = kept.decision.decision_id;
      byId.set(id, kept);
      shares.add(decision.kind, caller, {
        id,
        decisions: 1,
        candidates: kept.decision.candidates.length,
        bytes: kept.bytes,
      });
      candidates += kept.decision.candidates.length;
      bytes += kept.bytes;
      forgetOldest();
    },
    byId: (decisionId) => byId.get(decisionId)?.decision,
    last: (count) =>
      count <= 0
        ? []
        : [...byId.values()]
            .slice(-count)
            .reverse()
            .map(({ decision }) => decision),
    size: () => byId.size,
  };
}

interface KeptDecision {
  readonly decision: DecisionMessage;
  readonly bytes: number;
}

/** As much of a decision as one may take: the best candidates, then without the drops, then the bare answer. */
function boundedDecision(decision: DecisionMessage, bounds: DecisionLogBounds): KeptDecision {
  const most = bounds.maxBytesPerDecision;
  const short = withShortStrings(decision, mostCharacters);
  const whole = { ...short, candidates: short.candidates.slice(0, bounds.maxCandidatesPerDecision) };
  const bytes = heldBytes(whole, most);
  if (bytes <= most) return { decision: whole, bytes };
  const bare = { ...whole, candidates: [] };
  const bareBytes = heldBytes(bare, most);
  if (bareBytes > most) return { decision: bareAnswer(bare), bytes: heldBytes(bareAnswer(bare)) };
  let left = most - bareBytes;
  const shown = whole.candidates.filter((candidate) => (left -= heldBytes(candidate, most)) >= 0);
  const cut = { ...bare, candidates: shown };
  return { decision: cut, bytes: heldBytes(cut) };
}

const mostAnswered = 100;

/** Of a request with ten thousand long names. */
function bareAnswer(decision: DecisionMessage): DecisionMessage {
  return { ...decision, answer: decision.answer.slice(0, mostAnswered), drops: [], remarks: [] };
}
