import { handledOn, signalMark } from './marks.ts';
import type { MaintenanceNotice, Notice, RebalanceNotice, SpotNotice } from './notice.ts';
import type { NodeView } from './observed.ts';
import type { DrainPolicy } from './drain-policy.ts';

/** The one thing that governs the node now. */
export type Situation =
  | { readonly decision: 'NONE' }
  | {
      readonly decision: 'DRAIN';
      readonly notice: RebalanceNotice | MaintenanceNotice;
      /** When the marks go again of themselves. */
      readonly expiresAtMs: number | undefined;
      readonly startsEvictingAtMs: number;
    }
  | {
      readonly decision: 'EVACUATE';
      readonly notice: Exclude<Notice, RebalanceNotice | MaintenanceNotice>;
      readonly deadlineMs: number;
      readonly expiresAtMs: number;
    };

export interface Standing {
  readonly situation: Situation;
  /** Ids whose course is run: they are not acted on again. */
  readonly over: readonly string[];
  /** When a notice that waits will begin to count. */
  readonly nextChangeAtMs: number | undefined;
}

/** Termination outranks all; a rebalance outranks maintenance; what is over or was handled before does not count. */
export function standing(
  notices: readonly Notice[],
  node: NodeView,
  policy: DrainPolicy,
  nowMs: number,
): Standing {
  const handled = new Set(handledOn(node));
  const open = notices.filter((one) => !handled.has(one.id));
  const over = open.filter((one) => isOver(one, node, policy, nowMs));
  const live = open.filter((one) => !over.includes(one));
  const waiting = live.filter((one) => startsAtMs(one, policy) > nowMs);
  const governing = live
    .filter((one) => startsAtMs(one, policy) <= nowMs)
    .map((one) => situationOf(one, node, policy))
    .sort((a, b) => rank(a) - rank(b))[0];
  const starts = waiting.map((one) => startsAtMs(one, policy)).filter(Number.isFinite);
  return {
    situation: governing ?? { decision: 'NONE' },
    over: over.map((one) => one.id),
    nextChangeAtMs: starts.length === 0 ? undefined : Math.min(...starts),
  };
}

const noticeMs = 120_000;

export function deadlineOf(
  notice: SpotNotice | Exclude<Notice, RebalanceNotice | MaintenanceNotice | SpotNotice>,
  policy: DrainPolicy,
): number {
  if (notice.kind === 'group-termination') return notice.seenAtMs + policy.groupTerminationMs;
  // AWS gives two minutes: whatever a clock makes of the time in the notice, no more than that is left after the first sight.
  return Math.min(notice.atMs, notice.seenAtMs + (notice.action === 'hibernate' ? 0 : noticeMs));
}

function startsAtMs(notice: Notice, policy: DrainPolicy): number {
  if (notice.kind !== 'maintenance') return notice.seenAtMs;
  const { action, leadMs } = policy.maintenance[notice.code];
  return action === 'ignore' ? Infinity : notice.notBeforeMs - leadMs;
}

function isOver(notice: Notice, node: NodeView, policy: DrainPolicy, nowMs: number): boolean {
  switch (notice.kind) {
    case 'spot-interruption':
    case 'group-termination':
      return nowMs >= deadlineOf(notice, policy) + policy.revertAfterDeadlineMs;
    case 'rebalance':
      return nowMs >= notice.seenAtMs + policy.rebalanceTtlMs;
    case 'maintenance':
      return hasRebooted(notice, node);
  }
}

function hasRebooted(notice: MaintenanceNotice, node: NodeView): boolean {
  const mark = signalMark(node.annotations);
  return (
    mark?.notice.id === notice.id && mark.bootId !== '' && node.bootId !== '' && mark.bootId !== node.bootId
  );
}

function situationOf(notice: Notice, node: NodeView, policy: DrainPolicy): Situation {
  switch (notice.kind) {
    case 'spot-interruption':
    case 'group-termination': {
      const deadlineMs = deadlineOf(notice, policy);
      return {
        decision: 'EVACUATE',
        notice,
        deadlineMs,
        expiresAtMs: deadlineMs + policy.revertAfterDeadlineMs,
      };
    }
    case 'rebalance':
      return {
        decision: 'DRAIN',
        notice,
        expiresAtMs: notice.seenAtMs + policy.rebalanceTtlMs,
        startsEvictingAtMs: node.createdAtMs + policy.minNodeAgeMs,
      };
    case 'maintenance':
      return {
        decision: 'DRAIN',
        notice,
        expiresAtMs: undefined,
        startsEvictingAtMs: notice.notBeforeMs - policy.maintenance[notice.code].leadMs,
      };
  }
}

function rank(situation: Situation): number {
  if (situation.decision === 'EVACUATE') return situation.deadlineMs;
  return situation.decision === 'DRAIN' && situation.notice.kind === 'rebalance' ? 1e16 : 2e16;
}
