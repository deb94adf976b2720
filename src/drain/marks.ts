import type { MaintenanceCode, Notice, SpotAction } from './notice.ts';
import { maintenanceCodes } from './notice.ts';
import type { NodeView } from './observed.ts';

export const prefix = 'spot-expander.io/';
export const signalAnnotation = `${prefix}signal`;
export const ownedAnnotation = `${prefix}owned`;
export const handledAnnotation = `${prefix}handled`;
/** What proves that the marks were written by an agent of this node. */
export const proofAnnotation = `${prefix}proof`;
/** The autoscaler takes taints under this prefix for a node's state and leaves them out of its templates. */
export const signalTaintKey = 'status-taint.cluster-autoscaler.kubernetes.io/spot-interruption';
export const outOfServiceTaintKey = 'node.kubernetes.io/out-of-service';
export const loadBalancerLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
/** On a Karpenter NodeClaim whose NodePool requires that it is absent: Karpenter replaces the node, then drains it. */
export const atRiskLabel = `${prefix}at-risk`;
/** On the Leases that are the places of the drain budget. */
export const drainSlotLabel = `${prefix}drain-slot`;
export const signalCondition = `${prefix}SpotSignal`;
export const owner = 'spot-expander-agent';

export type MarkKind = 'TERMINATION' | 'REBALANCE' | 'MAINTENANCE';

/** What the node carries while a signal stands: enough for a restarted agent to go on, and for a server to learn from. */
export interface SignalMark {
  readonly kind: MarkKind;
  readonly notice: Notice;
  readonly markedAtMs: number;
  readonly deadlineMs: number | undefined;
  readonly instanceId: string;
  /** Boot id of the machine when it was marked: another one later means that it has rebooted. */
  readonly bootId: string;
}

/** What of the node's state is ours to take back. */
export const ownables = ['cordon', 'taint', 'load-balancer-label', 'out-of-service'] as const;

export type Ownable = (typeof ownables)[number];

export function markKind(notice: Notice): MarkKind {
  switch (notice.kind) {
    case 'spot-interruption':
    case 'group-termination':
      return 'TERMINATION';
    case 'rebalance':
      return 'REBALANCE';
    case 'maintenance':
      return 'MAINTENANCE';
  }
}

export function signalText(mark: SignalMark): string {
  const { notice } = mark;
  return JSON.stringify({
    v: 1,
    kind: mark.kind,
    id: notice.id,
    source: notice.kind,
    ...(notice.kind === 'spot-interruption' && { action: notice.action, at: iso(notice.atMs) }),
    ...(notice.kind === 'rebalance' && { at: iso(notice.noticeTimeMs) }),
    ...(notice.kind === 'maintenance' && {
      code: notice.code,
      at: iso(notice.notBeforeMs),
      ...(notice.notAfterMs !== undefined && { until: iso(notice.notAfterMs) }),
    }),
    seen: iso(notice.seenAtMs),
    marked: iso(mark.markedAtMs),
    ...(mark.deadlineMs !== undefined && { deadline: iso(mark.deadlineMs) }),
    instance: mark.instanceId,
    owner,
    ...(mark.bootId !== '' && { boot: mark.bootId }),
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The mark in a node's annotations; undefined when there is none or it is not ours to read. */
export function signalMark(annotations: Readonly<Record<string, string>>): SignalMark | undefined {
  const text = annotations[signalAnnotation];
  const fields = text === undefined ? undefined : fieldsOf(text);
  const id = textOf(fields?.['id']);
  const seenAtMs = timeOf(fields?.['seen']);
  const markedAtMs = timeOf(fields?.['marked']);
  if (fields === undefined || id === undefined || seenAtMs === undefined || markedAtMs === undefined)
    return undefined;
  const notice = noticeOf(fields, { id, seenAtMs, present: true });
  return (
    notice && {
      kind: markKind(notice),
      notice,
      markedAtMs,
      deadlineMs: timeOf(fields['deadline']),
      instanceId: textOf(fields['instance']) ?? '',
      bootId: textOf(fields['boot']) ?? '',
    }
  );
}

function noticeOf(
  fields: Readonly<Record<string, unknown>>,
  seen: Pick<Notice, 'id' | 'seenAtMs' | 'present'>,
): Notice | undefined {
  const atMs = timeOf(fields['at']);
  const { source, action, code } = fields;
  if (source === 'group-termination') return { kind: source, ...seen };
  if (atMs === undefined) return undefined;
  if (source === 'rebalance') return { kind: source, noticeTimeMs: atMs, ...seen };
  if (source === 'spot-interruption' && isAction(action)) return { kind: source, action, atMs, ...seen };
  if (source === 'maintenance' && isCode(code))
    return { kind: source, code, notBeforeMs: atMs, notAfterMs: timeOf(fields['until']), ...seen };
  return undefined;
}

function isAction(value: unknown): value is SpotAction {
  return value === 'terminate' || value === 'stop' || value === 'hibernate';
}

function isCode(value: unknown): value is MaintenanceCode {
  return maintenanceCodes.some((code) => code === value);
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

function listOf(text: string | undefined): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

export function ownedOn(node: Pick<NodeView, 'annotations'>): ReadonlySet<Ownable> {
  const listed = listOf(node.annotations[ownedAnnotation]);
  return new Set(ownables.filter((one) => listed.includes(one)));
}

/** Ids of notices that have run their course on this node: they may still be shown by the metadata service. */
export function handledOn(node: Pick<NodeView, 'annotations'>): readonly string[] {
  return listOf(node.annotations[handledAnnotation]);
}
