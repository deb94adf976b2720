/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import type { KubeObject } from './kube-answers.ts';

export interface FakeBudget {
  readonly name: string;
  readonly namespace: string;
  readonly matchLabels: Readonly<Record<string, string>>;
  minAvailable: number;
  /** False: the controller has not looked at it yet, so that evictions are asked to wait. */
  observed: boolean;
}

/** A budget that was made over the API. */
export function storedBudget(object: KubeObject): FakeBudget {
  const { metadata, spec } = object;
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    matchLabels: spec.selector.matchLabels,
    minAvailable: spec.minAvailable,
    observed: true,
  };
}

export function covers(budget: FakeBudget, pod: KubeObject): boolean {
  const labels = pod['metadata'].labels ?? {};
  return (
    pod['metadata'].namespace === budget.namespace &&
    Object.entries(budget.matchLabels).every(([key, value]) => labels[key] === value)
  );
}
