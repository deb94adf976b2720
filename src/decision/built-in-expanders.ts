/** What the autoscaler's own expanders look at of an option. */
export interface BuiltInOption {
  readonly facts: { readonly vcpu: number; readonly memoryGib: number; readonly gpus: number };
  readonly nodeCount: number;
  /** Sums over the pods that the option holds. */
  readonly cpuMilli: number;
  readonly memoryMib: number;
  /** USD per hour of one node, now. */
  readonly pricePerHour: number;
}

/** What `least-waste` takes the smallest of: (C·n − Σcpu)/(C·n) + (M·n − Σmem)/(M·n). */
export function leastWasteValue({ facts, nodeCount, cpuMilli, memoryMib }: BuiltInOption): number {
  const allCpu = facts.vcpu * 1000 * nodeCount;
  const allMemory = facts.memoryGib * 1024 * nodeCount;
  return (allCpu - cpuMilli) / allCpu + (allMemory - memoryMib) / allMemory;
}

/** What a core and a GiB cost an hour on demand: what c5.large (2, 4 GiB) and r5.large (2, 16 GiB) cost in us-east-1 says both. */
const corePerHour = 0.0357;
const gibPerHour = 0.0034;
const smallPod = 0.5 * corePerHour + (500 / 1024) * gibPerHour;

/**
 * What `price` takes the smallest of, with AWS's Spot prices given to it, which the original lacks: u′·(N·n + S)/(P + S).
 * u prefers nodes near a size that grows with the cluster and fades as n grows: u′ = (u − 1)(1 − tanh((n − 1)/15)) + 1.
 */
export function priceValue(
  { facts, nodeCount, cpuMilli, memoryMib, pricePerHour }: BuiltInOption,
  clusterNodes: number,
): number {
  const preferred = preferredCores(clusterNodes);
  const unfit = Math.max(preferred / facts.vcpu, facts.vcpu / preferred);
  const faded = facts.gpus > 0 ? 1000 : (unfit - 1) * (1 - Math.tanh((nodeCount - 1) / 15)) + 1;
  const podsPerHour = (cpuMilli / 1000) * corePerHour + (memoryMib / 1024) * gibPerHour;
  return (faded * (pricePerHour * nodeCount + smallPod)) / (podsPerHour + smallPod);
}

function preferredCores(nodes: number): number {
  if (nodes <= 2) return 1;
  if (nodes <= 6) return 2;
  if (nodes <= 20) return 4;
  if (nodes <= 60) return 8;
  return nodes <= 200 ? 16 : 32;
}
