import type { Ownable, SignalMark } from './marks.ts';
import {
  handledAnnotation,
  handledOn,
  loadBalancerLabel,
  markKind,
  outOfServiceTaintKey,
  ownables,
  ownedAnnotation,
  ownedOn,
  proofAnnotation,
  signalAnnotation,
  signalMark,
  signalTaintKey,
  signalText,
} from './marks.ts';
import type { NodeView, Taint } from './observed.ts';
import type { DrainPolicy } from './drain-policy.ts';
import type { Situation } from './situation.ts';
import type { NodeChange } from './steps.ts';

type Active = Exclude<Situation, { decision: 'NONE' }>;

const keptHandled = 8;

/** The write that makes the node carry the situation; undefined when it already does. */
export function markingChange(
  situation: Active,
  node: NodeView,
  instanceId: string,
  policy: DrainPolicy,
  nowMs: number,
): NodeChange | undefined {
  const old = signalMark(node.annotations);
  const isSame = old?.notice.id === situation.notice.id;
  const deadlineMs = situation.decision === 'EVACUATE' ? situation.deadlineMs : undefined;
  const isCurrent = isSame && Math.abs((old.deadlineMs ?? 0) - (deadlineMs ?? 0)) < 1_000;
  const applied = appliedTo(node, wanted(situation, policy), isSame);
  const owned = ownables.filter((one) => applied.owned.has(one));
  if (isCurrent && owned.join() === ownables.filter((one) => ownedOn(node).has(one)).join()) return undefined;
  const mark: SignalMark = {
    kind: markKind(situation.notice),
    notice: situation.notice,
    markedAtMs: isSame ? old.markedAtMs : nowMs,
    deadlineMs,
    instanceId,
    bootId: isSame ? old.bootId : node.bootId,
  };
  return {
    resourceVersion: node.resourceVersion,
    annotations: { [signalAnnotation]: signalText(mark), [ownedAnnotation]: JSON.stringify(owned) },
    labels: applied.sets.has('load-balancer-label') ? { [loadBalancerLabel]: owner(mark) } : {},
    taints: withSignalTaint(node.taints, applied, mark, policy),
    unschedulable: applied.sets.has('cordon') ? true : undefined,
  };
}

function owner(mark: SignalMark): string {
  return mark.kind.toLowerCase();
}

function wanted(situation: Active, policy: DrainPolicy): readonly Ownable[] {
  if (situation.notice.kind === 'rebalance' && policy.rebalance === 'mark') return [];
  return [
    'cordon',
    ...(policy.taint ? (['taint'] as const) : []),
    ...(policy.excludeFromLoadBalancers ? (['load-balancer-label'] as const) : []),
  ];
}

interface Applied {
  readonly sets: ReadonlySet<Ownable>;
  readonly owned: ReadonlySet<Ownable>;
}

/** What somebody else set is never ours; what somebody took away from us is not set again for the same notice. */
function appliedTo(node: NodeView, wants: readonly Ownable[], isSameNotice: boolean): Applied {
  const before = ownedOn(node);
  const sets = new Set<Ownable>();
  const owned = new Set<Ownable>();
  for (const one of ownables) {
    const isThere = has(node, one);
    if (isThere && before.has(one)) owned.add(one);
    else if (!isThere && wants.includes(one) && !isSameNotice) {
      sets.add(one);
      owned.add(one);
    }
  }
  return { sets, owned };
}

function has(node: NodeView, one: Ownable): boolean {
  switch (one) {
    case 'cordon':
      return node.unschedulable;
    case 'taint':
      return node.taints.some((taint) => taint.key === signalTaintKey);
    case 'load-balancer-label':
      return node.labels[loadBalancerLabel] !== undefined;
    case 'out-of-service':
      return node.taints.some((taint) => taint.key === outOfServiceTaintKey);
  }
}

function withSignalTaint(
  taints: readonly Taint[],
  applied: Applied,
  mark: SignalMark,
  { taintEffect: effect }: DrainPolicy,
): readonly Taint[] | undefined {
  if (!applied.owned.has('taint')) return undefined;
  const value = owner(mark);
  if (applied.sets.has('taint')) return [...taints, { key: signalTaintKey, value, effect }];
  return taints.some((taint) => taint.key === signalTaintKey && taint.value !== value)
    ? taints.map((taint) => (taint.key === signalTaintKey ? { ...taint, value } : taint))
    : undefined;
}

/** Takes back what is ours, and nothing else; remembers which notices are done with. */
export function revertingChange(node: NodeView, over: readonly string[]): NodeChange | undefined {
  const mark = signalMark(node.annotations);
  const isMarked = node.annotations[signalAnnotation] !== undefined;
  if (!isMarked) return undefined;
  const handled = [
    ...new Set([...handledOn(node), ...(mark === undefined ? [] : [mark.notice.id]), ...over]),
  ];
  return {
    ...takenBack(node),
    annotations: {
      [signalAnnotation]: null,
      [ownedAnnotation]: null,
      [handledAnnotation]: JSON.stringify(handled.slice(-keptHandled)),
    },
  };
}

/** Takes back what is ours and every trace of it, for a cluster that no agent works in any more. */
export function releasingChange(node: NodeView): NodeChange | undefined {
  const traces = [signalAnnotation, ownedAnnotation, handledAnnotation, proofAnnotation].filter(
    (key) => node.annotations[key] !== undefined,
  );
  if (traces.length === 0) return undefined;
  return { ...takenBack(node), annotations: Object.fromEntries(traces.map((key) => [key, null])) };
}

function takenBack(node: NodeView): Omit<NodeChange, 'annotations'> {
  const owned = ownedOn(node);
  const ourTaints = [
    ...(owned.has('taint') ? [signalTaintKey] : []),
    ...(owned.has('out-of-service') ? [outOfServiceTaintKey] : []),
  ];
  return {
    resourceVersion: node.resourceVersion,
    labels: owned.has('load-balancer-label') ? { [loadBalancerLabel]: null } : {},
    taints:
      ourTaints.length === 0 ? undefined : node.taints.filter((taint) => !ourTaints.includes(taint.key)),
    unschedulable: owned.has('cordon') && node.unschedulable ? false : undefined,
  };
}

/** Tells Kubernetes that the machine is going, so that volumes detach at once; undefined when the node has it. */
export function outOfServiceChange(node: NodeView): NodeChange | undefined {
  if (has(node, 'out-of-service')) return undefined;
  const owned = ownables.filter((one) => ownedOn(node).has(one) || one === 'out-of-service');
  return {
    resourceVersion: node.resourceVersion,
    annotations: { [ownedAnnotation]: JSON.stringify(owned) },
    labels: {},
    taints: [...node.taints, { key: outOfServiceTaintKey, value: 'nodeshutdown', effect: 'NoExecute' }],
    unschedulable: undefined,
  };
}
