import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { SimulatedGroup } from './simulated-group.ts';

/** A pod that waits. */
export interface WaitingPod {
  readonly id: number;
  readonly cpuMilli: number;
  readonly memoryMib: number;
}

/** One option of a simulated scale-up. */
export interface SimulatedOption {
  readonly group: SimulatedGroup;
  readonly facts: InstanceTypeFacts;
  readonly nodeCount: number;
  /** Indices into the waiting pods. */
  readonly pods: readonly number[];
  /** Sums over those pods. */
  readonly cpuMilli: number;
  readonly memoryMib: number;
  /** USD per hour of one node, now. */
  readonly pricePerHour: number;
}

/** What an expander is asked. Nothing in it is from the future. */
export interface Situation {
  readonly nowMs: number;
  /** At least one. */
  readonly options: readonly SimulatedOption[];
  readonly waiting: readonly WaitingPod[];
  /** Nodes that the cluster has. */
  readonly clusterNodes: number;
  /** Where they are, by group; groups without nodes are absent. */
  readonly fleet: readonly {
    readonly group: SimulatedGroup;
    readonly facts: InstanceTypeFacts;
    readonly nodes: number;
  }[];
  /** Even numbers in [0, 1). */
  readonly chance: () => number;
}

/** An expander: which of the options it takes. */
export interface Expander {
  readonly name: string;
  readonly choose: (situation: Situation) => SimulatedOption;
  /** Told when a node of its cluster is interrupted. */
  readonly onInterruption?: (group: SimulatedGroup, atMs: number) => void;
  /** Told when a node that it chose has come, where launches can fail. */
  readonly onLaunch?: (group: SimulatedGroup, atMs: number) => void;
}

/** What pods can use of a node: a tenth of a core and half a GiB plus 7 % of memory are the system's. */
export function allocatable(facts: InstanceTypeFacts): {
  readonly cpuMilli: number;
  readonly memoryMib: number;
} {
  return {
    cpuMilli: facts.vcpu * 1000 - 100,
    memoryMib: Math.floor(facts.memoryGib * 1024 * 0.93 - 512),
  };
}

/** First-fit decreasing, as the autoscaler packs: the pods that fit a node at all, and the node each lands on. */
export function packed(
  waiting: readonly WaitingPod[],
  facts: InstanceTypeFacts,
): { readonly pods: readonly number[]; readonly nodeOf: readonly number[]; readonly nodeCount: number } {
  const node = allocatable(facts);
  const order = [...waiting.keys()]
    .filter((index) => {
      const pod = waiting[index];
      return pod !== undefined && pod.cpuMilli <= node.cpuMilli && pod.memoryMib <= node.memoryMib;
    })
    .sort((a, b) => weight(waiting[b], node) - weight(waiting[a], node) || a - b);
  const free: { cpuMilli: number; memoryMib: number }[] = [];
  const nodeOf = order.map((index) => {
    const pod = waiting[index];
    if (pod === undefined) return 0;
    let at = free.findIndex((one) => one.cpuMilli >= pod.cpuMilli && one.memoryMib >= pod.memoryMib);
    if (at < 0) at = free.push({ ...node }) - 1;
    const place = free[at];
    if (place !== undefined) {
      place.cpuMilli -= pod.cpuMilli;
      place.memoryMib -= pod.memoryMib;
    }
    return at;
  });
  return { pods: order, nodeOf, nodeCount: free.length };
}

function weight(pod: WaitingPod | undefined, node: { cpuMilli: number; memoryMib: number }): number {
  return pod === undefined ? 0 : pod.cpuMilli / node.cpuMilli + pod.memoryMib / node.memoryMib;
}
