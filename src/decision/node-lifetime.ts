import type { Candidate } from './decision-context.ts';
import { podsOnNode, unitsOf } from './node-value.ts';
import type { Policy } from './policy.ts';
import type { PendingPod } from './scale-up-request.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * How much dearer each candidate counts because a node outlives the work that it was launched for: `nodeTail` for each doubling
 * of the pods that a node must wait for. Those are the pods that stay where they are; a node whose pods the autoscaler moves
 * away does not wait for its last one. 0 where pods were not told one by one.
 */
export function nodeTails(
  candidates: readonly Candidate[],
  pods: readonly PendingPod[],
  { nodeTail }: Policy,
): readonly number[] {
  const stays = Uint8Array.from(pods, ({ onScaleDown }) => (onScaleDown === 'moves' ? 0 : 1));
  const known = new Map<ArrayLike<number>, number>();
  const stayingOf = (list: ArrayLike<number>): number => {
    const before = known.get(list);
    if (before !== undefined) return before;
    let staying = 0;
    for (let place = 0; place < list.length; place += 1) staying += stays[list[place] ?? -1] ?? 0;
    known.set(list, staying);
    return staying;
  };
  return candidates.map((candidate) => {
    const onNode = podsOnNodeOf(candidate);
    if (onNode === undefined) return 0;
    const staying = stayingOf(candidate.pods);
    return nodeTail * Math.log2(Math.max(1, (onNode * staying) / candidate.pods.length));
  });
}

/**
 * The share of usable room that later pods fill, if they are of the size of these. Free room of any size on a node that holds p
 * pods has place for whole ones in 1 − 1/p of it: pods as large as nodes leave room that none of them will ever use.
 * One share for all candidates, by the largest node of any group: with a share for each candidate large nodes would look
 * cheap for being large. Without pods nothing tells that later ones come.
 */
export function reusedShare(
  { pods, mostPodsOnNode }: Pick<Surroundings, 'pods' | 'mostPodsOnNode'>,
  { reuseShare }: Policy,
): number {
  if (pods.length === 0) return 0;
  return mostPodsOnNode === undefined ? reuseShare : reuseShare * (1 - 1 / mostPodsOnNode);
}

/** Undefined where pods were not told one by one or ask for nothing. */
function podsOnNodeOf({ demand, nodeSize, pods }: Candidate): number | undefined {
  if (demand === undefined || nodeSize === undefined || pods.length === 0) return undefined;
  if (unitsOf(demand.resources) <= 0) return undefined;
  return podsOnNode(nodeSize, demand.resources, pods.length);
}
