import type { PendingPod } from './scale-up-request.ts';

/** Pods that a choice was made for, so that they can be found in a later request. */
export interface WaitingPods {
  readonly toldBy: 'uid' | 'shape';
  readonly count: number;
  /** How many pods bear each name: one for a uid, any number for a shape. */
  readonly byName: ReadonlyMap<string, number>;
}

/** A watch remembers at most this many names, so that memory stays bounded whatever a request holds. */
const mostNames = 5_000;

/** The pods at `indices`: by uid when every one of them has one, else by what they ask for. */
export function waitingPods(pods: readonly PendingPod[], indices: ArrayLike<number>): WaitingPods {
  const chosen = Array.from(indices).flatMap((index) => pods[index] ?? []);
  const toldBy = chosen.every(({ uid }) => hasText(uid)) ? 'uid' : 'shape';
  const byName = new Map<string, number>();
  let count = 0;
  for (const pod of chosen) {
    const name = toldBy === 'uid' ? (pod.uid ?? '') : shapeOf(pod);
    if (byName.size >= mostNames && !byName.has(name)) continue;
    increment(byName, name);
    count += 1;
  }
  return { toldBy, count, byName };
}

/** Every name by which a pod of a request can be found. */
export function namesOf(pods: readonly PendingPod[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const pod of pods) {
    if (hasText(pod.uid)) increment(names, pod.uid);
    increment(names, shapeOf(pod));
  }
  return names;
}

/** How many of the pods are there again. */
export function stillWaiting({ byName }: WaitingPods, names: ReadonlyMap<string, number>): number {
  let still = 0;
  for (const [name, count] of byName) still += Math.min(count, names.get(name) ?? 0);
  return still;
}

function hasText(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Never a uid: those hold no slash. */
function shapeOf({ requests }: PendingPod): string {
  return `${requests.cpuMilli}/${requests.memoryBytes}/${requests.gpus}`;
}
