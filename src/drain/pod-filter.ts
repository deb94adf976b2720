import { selects } from './label-selector.ts';
import type { Observed, PodView } from './observed.ts';
import type { DrainPolicy } from './drain-policy.ts';

export type SkipReason =
  | 'other-node'
  | 'mirror'
  | 'daemonset'
  | 'own-pod'
  | 'completed'
  | 'namespace-terminating'
  | 'empty-dir'
  | 'standalone'
  | 'selector';

/** Why a pod is left alone; undefined when it is to leave the node. */
export function skipReason(
  pod: PodView,
  observed: Pick<Observed, 'node' | 'ownPod' | 'terminatingNamespaces'>,
  policy: DrainPolicy,
): SkipReason | undefined {
  if (pod.nodeName !== observed.node.name) return 'other-node';
  if (pod.isMirror) return 'mirror';
  if (pod.controllerKind === 'DaemonSet') return 'daemonset';
  if (pod.namespace === observed.ownPod?.namespace && pod.name === observed.ownPod.name) return 'own-pod';
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return 'completed';
  if (observed.terminatingNamespaces.has(pod.namespace)) return 'namespace-terminating';
  if (pod.hasEmptyDir && policy.emptyDirPods === 'skip') return 'empty-dir';
  if (pod.controllerKind === undefined && policy.standalonePods === 'skip') return 'standalone';
  return policy.skipPods !== undefined && selects(policy.skipPods, pod.labels) ? 'selector' : undefined;
}

/** 0 is evicted first. */
export function tierOf(pod: PodView, policy: DrainPolicy): number {
  return policy.tierBounds.filter((bound) => pod.priority >= bound).length;
}

/** Lowest tier first; in a tier the longest grace period first, because it needs the most time. */
export function inEvictionOrder(pods: readonly PodView[], policy: DrainPolicy): readonly PodView[] {
  return pods.toSorted(
    (a, b) =>
      tierOf(a, policy) - tierOf(b, policy) ||
      b.graceMs - a.graceMs ||
      (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0),
  );
}
