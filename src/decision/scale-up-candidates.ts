import type { Candidate, DecisionContext, Demand } from './decision-context.ts';
import { dropped } from './decision-context.ts';
import { groupPools } from './group-pools.ts';
import type { InstanceTypeFacts, Knowledge } from './knowledge.ts';
import { architectureOf, operatingSystemOf } from './node-labels.ts';
import { podUnits } from './node-value.ts';
import type { Resources } from './resources.ts';
import type { NodeTemplate, PendingPod, ScaleUpOption, ScaleUpRequest } from './scale-up-request.ts';
import { mean } from './several-pools.ts';

const noLabels: Readonly<Record<string, string>> = {};
const largestGroup = 1e6;

/** One candidate for each option of the autoscaler; an id that comes twice is asked about once. */
export function scaleUpCandidates(request: ScaleUpRequest, knowledge: Knowledge): DecisionContext<Candidate> {
  const weigh = demandOf(request.pods);
  const everything = request.pods.reduce((sum, pod) => sum + podUnits(soundResources(pod.requests)), 0);
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  const twice: Candidate[] = [];
  for (const option of request.options) {
    const demand = weigh(option.pods);
    const coverage = demand === undefined ? Number.NaN : Math.min(1, demand.units / everything);
    const candidate = candidateOf(option, request.nodes.get(option.nodeGroupId), demand, coverage, knowledge);
    (seen.has(candidate.id) ? twice : candidates).push(candidate);
    seen.add(candidate.id);
  }
  return {
    candidates: withTypicalCoverage(candidates),
    drops: twice.map((candidate) =>
      dropped(candidate, 'input', 'duplicate', `${candidate.id} is in the request more than once`),
    ),
  };
}

function candidateOf(
  { nodeGroupId, nodeCount, pods }: ScaleUpOption,
  template: NodeTemplate | undefined,
  demand: Demand | undefined,
  coverage: number,
  knowledge: Knowledge,
): Candidate {
  const labels = template?.labels ?? noLabels;
  const group = groupPools(nodeGroupId, labels, knowledge.groupFacts);
  const [pool] = group.pools;
  const facts = pool === undefined ? undefined : knowledge.instanceType(pool.instanceType);
  const labelled = architectureOf(labels);
  return {
    id: nodeGroupId,
    ...group,
    operatingSystem: operatingSystemOf(labels),
    labels,
    architecture: labelled === 'unknown' ? (facts?.architecture ?? 'unknown') : labelled,
    nodeCount: soundNodeCount(nodeCount),
    nodeSize: nodeSizeOf(template, facts),
    demand,
    coverage,
    pods,
  };
}

/**
 * What the template offers to pods, else the type's own size. A template made before its GPU driver ran has no GPUs:
 * the type's count then.
 */
function nodeSizeOf(
  template: NodeTemplate | undefined,
  facts: InstanceTypeFacts | undefined,
): Resources | undefined {
  const offered =
    template === undefined ? undefined : (usable(template.allocatable) ?? usable(template.capacity));
  const ofType = facts === undefined ? undefined : sizeOfType(facts);
  if (offered === undefined) return ofType;
  return ofType !== undefined && ofType.gpus > offered.gpus ? { ...offered, gpus: ofType.gpus } : offered;
}

export function sizeOfType({ vcpu, memoryGib, gpus }: InstanceTypeFacts): Resources {
  return { cpuMilli: vcpu * 1000, memoryBytes: memoryGib * 2 ** 30, gpus };
}

function usable(resources: Resources): Resources | undefined {
  const { cpuMilli, memoryBytes, gpus } = soundResources(resources);
  return cpuMilli >= 1 && memoryBytes >= 1 ? { cpuMilli, memoryBytes, gpus } : undefined;
}

/** A whole number of nodes, at least one. */
export function soundNodeCount(count: number): number {
  return count >= 1 ? Math.min(Math.floor(count), largestGroup) : 1;
}

/** Amounts that are not numbers of their range count as 0. */
export function soundResources({ cpuMilli, memoryBytes, gpus }: Resources): Resources {
  return { cpuMilli: amount(cpuMilli), memoryBytes: amount(memoryBytes), gpus: amount(gpus) };
}

function amount(value: number): number {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0;
}

/** Sums over options: each pod is read once and each list of pods summed once, since options repeat them by the hundred. */
function demandOf(pods: readonly PendingPod[]): (indices: ArrayLike<number>) => Demand | undefined {
  const cpuMilli = new Float64Array(pods.length);
  const memoryBytes = new Float64Array(pods.length);
  const gpus = new Float64Array(pods.length);
  const units = new Float64Array(pods.length);
  pods.forEach((pod, index) => {
    const requests = soundResources(pod.requests);
    cpuMilli[index] = requests.cpuMilli;
    memoryBytes[index] = requests.memoryBytes;
    gpus[index] = requests.gpus;
    units[index] = podUnits(requests);
  });
  const sumOf = (indices: ArrayLike<number>): Demand | undefined => {
    const sum = { cpuMilli: 0, memoryBytes: 0, gpus: 0 };
    let unitSum = 0;
    for (let place = 0; place < indices.length; place++) {
      const pod = indices[place] ?? -1;
      sum.cpuMilli += cpuMilli[pod] ?? 0;
      sum.memoryBytes += memoryBytes[pod] ?? 0;
      sum.gpus += gpus[pod] ?? 0;
      unitSum += units[pod] ?? 0;
    }
    return unitSum > 0 ? { resources: sum, units: unitSum } : undefined;
  };
  // Options that hold the same pods hold the same list of them.
  const known = new Map<ArrayLike<number>, Demand | undefined>();
  return (indices) => {
    if (known.has(indices)) return known.get(indices);
    const demand = sumOf(indices);
    known.set(indices, demand);
    return demand;
  };
}

/**
 * An option whose pods could not be read is neither helped nor hurt by it: it counts as serving what the others serve
 * on average.
 */
function withTypicalCoverage(candidates: readonly Candidate[]): readonly Candidate[] {
  const known = candidates.flatMap(({ coverage }) => (Number.isNaN(coverage) ? [] : coverage));
  if (known.length === candidates.length) return candidates;
  const typical = mean(known) ?? 1;
  return candidates.map((candidate) =>
    Number.isNaN(candidate.coverage) ? { ...candidate, coverage: typical } : candidate,
  );
}
