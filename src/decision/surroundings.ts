import { groupPools } from './group-pools.ts';
import type { Knowledge } from './knowledge.ts';
import { hostnameLabel, zoneLabel } from './node-labels.ts';
import { podsOnNode, unitsOf } from './node-value.ts';
import { soundResources } from './scale-up-candidates.ts';
import type { NodeTemplate, PendingPod, ScaleUpRequest } from './scale-up-request.ts';

/**
 * What a candidate is judged by beside itself: the pods, the node groups that there are, whichever of them are on offer, and what
 * capacity costs on demand. Nothing of it comes from the other candidates, so that one which nobody picks changes no choice.
 */
export interface Surroundings {
  readonly pods: readonly PendingPod[];
  /** How many of these pods the largest node of any group holds, at least 1; undefined where no pods are told one by one. */
  readonly mostPodsOnNode: number | undefined;
  /** The values that the nodes of all groups have for a topology key; undefined where every node has its own. */
  readonly domains: (topologyKey: string) => readonly string[] | undefined;
}

export const noSurroundings: Surroundings = { pods: [], mostPodsOnNode: undefined, domains: () => [] };

export function surroundingsOf({ pods, nodes }: ScaleUpRequest, knowledge: Knowledge): Surroundings {
  const found = new Map<string, readonly string[]>();
  return {
    pods,
    mostPodsOnNode: mostPodsOnNode(pods, nodes.values()),
    domains: (key) => {
      if (key === hostnameLabel) return undefined;
      const known = found.get(key) ?? domainsOf(key, nodes, knowledge);
      found.set(key, known);
      return known;
    },
  };
}

/** By the pods' average size. */
function mostPodsOnNode(pods: readonly PendingPod[], nodes: Iterable<NodeTemplate>): number | undefined {
  if (pods.length === 0) return undefined;
  const sum = { cpuMilli: 0, memoryBytes: 0, gpus: 0 };
  for (const pod of pods) {
    const { cpuMilli, memoryBytes, gpus } = soundResources(pod.requests);
    sum.cpuMilli += cpuMilli;
    sum.memoryBytes += memoryBytes;
    sum.gpus += gpus;
  }
  if (unitsOf(sum) <= 0) return undefined;
  let most = 1;
  for (const { allocatable } of nodes)
    most = Math.max(most, podsOnNode(soundResources(allocatable), sum, pods.length));
  return most;
}

function domainsOf(
  key: string,
  nodes: ScaleUpRequest['nodes'],
  { groupFacts }: Knowledge,
): readonly string[] {
  const values = new Set<string>();
  for (const [id, { labels }] of nodes) {
    const zones = key === zoneLabel ? groupPools(id, labels, groupFacts).pools.map(({ zone }) => zone) : [];
    for (const value of zones.length > 0 ? zones : [labels[key]]) if (value !== undefined) values.add(value);
  }
  return [...values];
}
