import type { BestOptionsCaller } from './best-options-caller.ts';
import { scaleUpMessage } from '../../api/decision-messages.ts';
import { layerStopwatch } from '../../api/layer-stopwatch.ts';
import type { Knowledge } from '../../decision/knowledge.ts';
import type { Observe } from '../../decision/layers.ts';
import { decideScaleUp } from '../../decision/pipeline.ts';
import type { Policy } from '../../decision/policy.ts';
import type { ScaleUpRequest } from '../../decision/scale-up-request.ts';
import { BudgetSpent } from '../../errors/budget-spent.ts';
import { MalformedRequest } from '../../errors/malformed-request.ts';
import type { Clock } from '../../ports/clock.ts';
import { tracedKnowledge } from '../recording/recorded-facts.ts';
import { bestOptionsResponse } from '../../wire/best-options-answer.ts';
import { readBestOptions } from '../../wire/best-options-reader.ts';
import type { SameBytes } from '../../wire/same-bytes.ts';
import type { CapacityKeeper } from './capacity-keeper.ts';
import type { ExpanderEvents } from './expander-events.ts';

const anyCaller: BestOptionsCaller = { name: '', isBelieved: true };

export interface BestOptionsDependencies {
  /** As of now, prepared off the request path. */
  readonly knowledge: () => Knowledge;
  readonly policy: Policy;
  readonly clock: Clock;
  /** From the call to the answer; beyond it all ids are answered. */
  readonly budgetMs: number;
  readonly nextId: () => string;
  /** Told of every request before it is decided, and of every answer. */
  readonly capacity: Pick<CapacityKeeper, 'tell'>;
  readonly sameBytes: SameBytes;
  /** Note every look-up, so that the request can be decided again. */
  readonly traceLookups: boolean;
  /** Does the telling once the answer is on its way: a log line costs more than a small decision. */
  readonly later: (work: () => void) => void;
  readonly events: ExpanderEvents;
}

/**
 * A marshalled BestOptionsRequest in, a marshalled BestOptionsResponse out. Everything that an answer needs is in memory, so
 * nothing is awaited.
 * @throws MalformedRequest for bytes that are no message; the autoscaler then keeps all of its options.
 */
export function answeredBestOptions(
  bytes: Uint8Array,
  dependencies: BestOptionsDependencies,
  caller: BestOptionsCaller = anyCaller,
): Uint8Array {
  const { clock, policy, events } = dependencies;
  const startedMs = clock.monotonicMs();
  const atMs = clock.nowMs();
  const requestBytes = bytes.length;
  const stopwatch = layerStopwatch(clock);
  const request = requestIn(bytes, dependencies);
  stopwatch.add('read', clock.monotonicMs() - startedMs);

  if (caller.isBelieved) dependencies.capacity.tell({ kind: 'asked', atMs, request });
  const traced = dependencies.traceLookups ? tracedKnowledge(dependencies.knowledge()) : undefined;
  const budget = withinBudget(stopwatch.observe, startedMs, dependencies);
  const knowledge = traced?.knowledge ?? dependencies.knowledge();
  const decision = decideScaleUp(request, knowledge, policy, atMs, budget.observe);
  const answer = bestOptionsResponse(decision.answer);
  stopwatch.add('total', clock.monotonicMs() - startedMs);

  const decisionId = dependencies.nextId();
  const timings = stopwatch.timings();
  tellLater(dependencies, () => {
    if (caller.isBelieved) dependencies.capacity.tell({ kind: 'answered', atMs, request, decision });
    const message = scaleUpMessage({
      decisionId,
      nowMs: atMs,
      request,
      requestBytes,
      decision,
      timings,
    });
    events.answered({
      atMs,
      request,
      decision,
      message,
      caller,
      overBudget: budget.isSpent(),
      facts: traced?.facts,
    });
  });
  return answer;
}

function requestIn(bytes: Uint8Array, dependencies: BestOptionsDependencies): ScaleUpRequest {
  try {
    return readBestOptions(bytes, dependencies.sameBytes);
  } catch (error) {
    if (error instanceof MalformedRequest) {
      const requestBytes = bytes.length;
      tellLater(dependencies, () => dependencies.events.malformed(error.message, requestBytes));
    }
    throw error;
  }
}

/** Ends the pipeline between two layers, or within one, once the budget is spent: its own ladder then answers all ids. */
function withinBudget(
  observe: Observe,
  startedMs: number,
  { budgetMs, clock }: BestOptionsDependencies,
): { readonly observe: Observe; readonly isSpent: () => boolean } {
  let isSpent = false;
  return {
    isSpent: () => isSpent,
    observe: (layer, phase) => {
      if (phase !== 'end' && clock.monotonicMs() - startedMs > budgetMs) {
        isSpent = true;
        throw new BudgetSpent(budgetMs);
      }
      observe(layer, phase);
    },
  };
}

function tellLater({ later, events }: BestOptionsDependencies, tell: () => void): void {
  later(() => {
    try {
      tell();
    } catch (error) {
      events.listenerFailed(error);
    }
  });
}
