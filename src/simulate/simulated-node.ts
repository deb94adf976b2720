import { chanceFrom } from '../learning/chance.ts';
import type { WaitingPod } from './scale-up-situation.ts';

/** Below this share of CPU and of memory a node is underused: the autoscaler's own threshold. */
const underusedShare = 0.5;

export interface Pod extends WaitingPod {
  leftMs: number;
  startedMs: number;
  turn: number;
}

/** `cpuMilli` and `memoryMib` are what is free. */
export interface Node {
  readonly place: number;
  readonly launchedMs: number;
  cpuMilli: number;
  memoryMib: number;
  readonly pods: Set<Pod>;
  /** Since when it could go; undefined while it is used enough. */
  unneededSinceMs: number | undefined;
  isGone: boolean;
}

/** Whether the autoscaler would let the node go: `all` is what it holds when empty. */
export function isUnneeded(
  node: Node,
  all: { readonly cpuMilli: number; readonly memoryMib: number },
  scaleDown: 'empty' | 'underused',
): boolean {
  if (node.pods.size === 0) return true;
  if (scaleDown === 'empty') return false;
  const used = Math.max(1 - node.cpuMilli / all.cpuMilli, 1 - node.memoryMib / all.memoryMib);
  return used < underusedShare;
}

/** Where among the others every pod of the node could go; undefined when one of them fits nowhere. */
export function otherPlaces(node: Node, nodes: Iterable<Node>): ReadonlyMap<Pod, Node> | undefined {
  const free = [...nodes].flatMap((other) =>
    other === node ? [] : [{ other, cpuMilli: other.cpuMilli, memoryMib: other.memoryMib }],
  );
  const places = new Map<Pod, Node>();
  for (const pod of node.pods) {
    const room = free.find((one) => one.cpuMilli >= pod.cpuMilli && one.memoryMib >= pod.memoryMib);
    if (room === undefined) return undefined;
    room.cpuMilli -= pod.cpuMilli;
    room.memoryMib -= pod.memoryMib;
    places.set(pod, room.other);
  }
  return places;
}

/** When the n-th node of a pool is interrupted, in hours after its launch: the same whichever expander launches it. */
export function hoursToInterruption(
  seed: number,
  place: number,
  ordinal: number,
  hazardPerHour: number,
): number {
  if (hazardPerHour <= 0) return Infinity;
  const chance = chanceFrom(
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b) ^ Math.imul(ordinal + 1, 0xc2b2ae35),
  );
  chance();
  return -Math.log(1 - chance()) / hazardPerHour;
}
