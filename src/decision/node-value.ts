import type { Resources } from './resources.ts';

const gib = 2 ** 30;

/**
 * What one GiB of memory and one GPU are worth in vCPUs. A node's price is split between its CPU, memory and GPUs by
 * these, so each node has its own CPU and memory price.
 * Source: least squares of relative error over the published on-demand prices of the c5, m5 and r5 families
 * (2024-11-03) give one vCPU the price of 9.4 GiB in ap-south-1, 9.0 in ap-southeast-1, 10.3 in us-east-1 and
 * us-west-2. The GPU is the middle of what the same rates leave of the g4dn, g5, g6 and p3 prices (9 to 73 vCPUs a
 * GPU).
 */
const unitsPerGib = 0.1;
const unitsPerGpu = 16;

/** What the scheduler assumes for a pod that asks for nothing (its DefaultMilliCPURequest and DefaultMemoryRequest). */
const silentPod = { cpuMilli: 100, memoryBytes: 200 * 2 ** 20 };

/** Resources as one number: vCPUs and what is worth as much. */
export function unitsOf({ cpuMilli, memoryBytes, gpus }: Resources): number {
  return cpuMilli / 1000 + (memoryBytes / gib) * unitsPerGib + gpus * unitsPerGpu;
}

/**
 * Units of one pod; one that asks for no CPU or no memory, which is less than a millicore or a byte, counts as the scheduler scores it,
 * so never 0 nor so near to it that a price divided by it is no number.
 */
export function podUnits(requests: Resources): number {
  return unitsOf({
    cpuMilli: requests.cpuMilli >= 1 ? requests.cpuMilli : silentPod.cpuMilli,
    memoryBytes: requests.memoryBytes >= 1 ? requests.memoryBytes : silentPod.memoryBytes,
    gpus: requests.gpus,
  });
}

/**
 * The share (0..1) of the nodes' worth that stays unused after the demand. A resource that is asked for beyond what is there
 * leaves nothing unused and makes up for no other: memory cannot fill an idle GPU.
 */
export function unusedShare(node: Resources, nodeCount: number, demand: Resources): number {
  const all = unitsOf(node) * nodeCount;
  if (!(all > 0)) return 0;
  const unused = unitsOf({
    cpuMilli: Math.max(0, node.cpuMilli * nodeCount - demand.cpuMilli),
    memoryBytes: Math.max(0, node.memoryBytes * nodeCount - demand.memoryBytes),
    gpus: Math.max(0, node.gpus * nodeCount - demand.gpus),
  });
  return Math.min(1, unused / all);
}

/** GiB of memory for a vCPU that the next pods are taken to ask for: the middle of the families c (2), m (4) and r (8). */
const typicalGibPerVcpu = 4;

/**
 * Units of what stays free after the demand that typical pods could still use: CPU without memory beside it is worth nothing,
 * nor memory without CPU. Of nodes with GPUs nothing, since other pods are kept off them.
 */
export function usableRoom(node: Resources, nodeCount: number, demand: Resources): number {
  if (node.gpus > 0) return 0;
  const vcpus = (node.cpuMilli * nodeCount - demand.cpuMilli) / 1000;
  const gibs = (node.memoryBytes * nodeCount - demand.memoryBytes) / gib;
  return Math.max(0, Math.min(vcpus, gibs / typicalGibPerVcpu)) * (1 + typicalGibPerVcpu * unitsPerGib);
}

/** The kubelet's default of pods on a node. */
const mostPods = 110;

/** How many pods of the demand's average size a node holds, 1 to 110; 1 where the pods are unknown or ask for nothing. */
export function podsOnNode(node: Resources, demand: Resources, podCount: number): number {
  const least = Math.min(
    podsBy(node.cpuMilli, demand.cpuMilli, podCount),
    podsBy(node.memoryBytes, demand.memoryBytes, podCount),
    podsBy(node.gpus, demand.gpus, podCount),
  );
  return least === Infinity ? 1 : Math.min(mostPods, Math.max(1, least));
}

/** By one resource; Infinity where the pods ask for none of it. */
function podsBy(offered: number, asked: number, podCount: number): number {
  return asked > 0 ? (offered * podCount) / asked : Infinity;
}

/** How many nodes the demand needs at least, taken as divisible; undefined when no number of them is enough. */
export function nodesFor(node: Resources, demand: Resources): number | undefined {
  const counts = [
    needed(demand.cpuMilli, node.cpuMilli),
    needed(demand.memoryBytes, node.memoryBytes),
    needed(demand.gpus, node.gpus),
  ];
  const most = Math.max(1, ...counts);
  return Number.isFinite(most) ? most : undefined;
}

function needed(asked: number, offered: number): number {
  return asked === 0 ? 0 : Math.ceil(asked / offered);
}
