import type { ScaleUpDecision } from '../../decision/decision.ts';
import type { ScaleUpRequest } from '../../decision/scale-up-request.ts';
import type { DecisionMessage } from '../../api/messages.ts';
import type { BestOptionsCaller } from './best-options-caller.ts';
import type { RecordedFacts } from '../recording/recorded-facts.ts';

/** One BestOptions call that was answered. */
export interface AnsweredScaleUp {
  readonly atMs: number;
  readonly request: ScaleUpRequest;
  readonly decision: ScaleUpDecision;
  /** The same as Explain tells it. */
  readonly message: DecisionMessage;
  readonly caller: BestOptionsCaller;
  /** The answer budget was spent before the layers were through: all ids were answered. */
  readonly overBudget: boolean;
  /** What the decision looked up; undefined when nothing is recorded. */
  readonly facts: (() => RecordedFacts) | undefined;
}

/** What happens on the request path. Called once the answer is ready; a listener returns at once. */
export interface ExpanderEvents {
  readonly answered: (event: AnsweredScaleUp) => void;
  readonly malformed: (sentence: string, requestBytes: number) => void;
  /** A listener failed; the answer went out all the same. */
  readonly listenerFailed: (error: unknown) => void;
}
