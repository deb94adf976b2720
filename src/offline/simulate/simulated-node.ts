import { allocatable, type WaitingPod } from './scale-up-situation.ts';
import type { SimulationSettings, SimulationGroup } from './simulation-settings.ts';

/** Below this share of CPU and of memory a node is underused: the autoscaler's own threshold. */
const underusedShare = 0.5;

export interface SimulatedPod extends WaitingPod {
  /** Work that is left when it starts. */
  leftMs: number;
  startedMs: number;
  /** Undefined while it runs. */
  waitsSinceMs: number | undefined;
  /** Counts its starts, so that an end that was planned before an eviction is known to be void. */
  turn: number;
}

export interface SimulatedNode {
  readonly place: number;
  /** The n-th of its group. */
  readonly ordinal: number;
  readonly launchedMs: number;
  readonly facts: SimulationGroup['facts'];
  /** What is free. */
  cpuMilli: number;
  memoryMib: number;
  readonly pods: Set<SimulatedPod>;
  /** Since when it could go; undefined while it is used enough. */
  unneededSinceMs: number | undefined;
  isGone: boolean;
}

export function freshNode(
  place: number,
  ordinal: number,
  facts: SimulationGroup['facts'],
  launchedMs: number,
): SimulatedNode {
  return {
    place,
    ordinal,
    launchedMs,
    facts,
    ...allocatable(facts),
    pods: new Set(),
    unneededSinceMs: undefined,
    isGone: false,
  };
}

export function hasRoom(
  free: { readonly cpuMilli: number; readonly memoryMib: number },
  pod: WaitingPod,
): boolean {
  return free.cpuMilli >= pod.cpuMilli && free.memoryMib >= pod.memoryMib;
}

export function putOn(node: SimulatedNode, pod: SimulatedPod): void {
  node.pods.add(pod);
  node.cpuMilli -= pod.cpuMilli;
  node.memoryMib -= pod.memoryMib;
}

export function takeOff(node: SimulatedNode, pod: SimulatedPod): void {
  node.pods.delete(pod);
  node.cpuMilli += pod.cpuMilli;
  node.memoryMib += pod.memoryMib;
}

/** True when the autoscaler would like the node to go. */
export function isUnneeded(node: SimulatedNode, scaleDown: SimulationSettings['scaleDown']): boolean {
  if (node.pods.size === 0) return true;
  if (scaleDown === 'empty') return false;
  const all = allocatable(node.facts);
  const used = Math.max(1 - node.cpuMilli / all.cpuMilli, 1 - node.memoryMib / all.memoryMib);
  return used < underusedShare;
}

/** Where every pod of the node could go; undefined when one of them fits nowhere. */
export function otherPlaces(
  node: SimulatedNode,
  nodes: Iterable<SimulatedNode>,
): ReadonlyMap<SimulatedPod, SimulatedNode> | undefined {
  const free = [...nodes].flatMap((other) =>
    other === node ? [] : [{ other, cpuMilli: other.cpuMilli, memoryMib: other.memoryMib }],
  );
  const places = new Map<SimulatedPod, SimulatedNode>();
  for (const pod of node.pods) {
    const room = free.find((one) => hasRoom(one, pod));
    if (room === undefined) return undefined;
    room.cpuMilli -= pod.cpuMilli;
    room.memoryMib -= pod.memoryMib;
    places.set(pod, room.other);
  }
  return places;
}
