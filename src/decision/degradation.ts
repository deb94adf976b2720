/** What an answer rests on, from the best to the last resort. */
export const degradationSteps = ['model', 'advisor-prior', 'price-only', 'all-ids'] as const;

export type DegradationStep = (typeof degradationSteps)[number];

/** The step that gave the answer and why the steps above it did not; no reasons for `model`. */
export interface Degradation {
  readonly step: DegradationStep;
  readonly reasons: readonly string[];
}

/** The lower of two steps. */
export function lowerStep<Step extends DegradationStep>(one: Step, other: Step): Step {
  return degradationSteps.indexOf(one) >= degradationSteps.indexOf(other) ? one : other;
}
