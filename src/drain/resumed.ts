import { handledOn, signalMark } from './marks.ts';
import type { Notice } from './notice.ts';
import type { NodeView } from './observed.ts';

/**
 * The notices that the agent before this one stood under, from the node's annotations. Those that have run their
 * course come too: while the metadata service still shows them they are the same event and not a new one.
 * Of a mark that is not proven to be an agent's own, nothing is gone on with.
 */
export function resumedNotices(node: NodeView, instanceId: string, isProven = true): readonly Notice[] {
  const mark = signalMark(node.annotations);
  const standing = isProven && mark?.instanceId === instanceId ? mark.notice : undefined;
  const done = handledOn(node)
    .map(handledNotice)
    .filter((one) => one !== undefined)
    .filter((one) => one.kind !== standing?.kind);
  const lastOfKind = new Map(done.map((one) => [one.kind, one]));
  return [...(standing === undefined ? [] : [standing]), ...lastOfKind.values()];
}

function handledNotice(id: string): Notice | undefined {
  const slash = id.indexOf('/');
  const kind = id.slice(0, slash);
  const atMs = Date.parse(id.slice(slash + 1));
  if (!Number.isFinite(atMs)) return undefined;
  const seen = { id, seenAtMs: atMs, present: true };
  if (kind === 'spot-interruption') return { kind, action: 'terminate', atMs, ...seen };
  if (kind === 'group-termination') return { kind, ...seen };
  return kind === 'rebalance' ? { kind, noticeTimeMs: atMs, ...seen } : undefined;
}
