/** What AWS does with the instance when a Spot interruption notice runs out. */
export type SpotAction = 'terminate' | 'stop' | 'hibernate';

export const maintenanceCodes = [
  'instance-stop',
  'instance-retirement',
  'instance-reboot',
  'system-reboot',
  'system-maintenance',
] as const;

export type MaintenanceCode = (typeof maintenanceCodes)[number];

interface Seen {
  /** Stable for as long as the notice stands, whatever its time does on later polls. */
  readonly id: string;
  /** When this agent, or the one before it on this node, first saw it; epoch milliseconds. */
  readonly seenAtMs: number;
  /** False when the last poll no longer showed it. */
  readonly present: boolean;
}

/** The two-minute warning (`hibernate` gets none of the two minutes). */
export interface SpotNotice extends Seen {
  readonly kind: 'spot-interruption';
  readonly action: SpotAction;
  /** The earliest time that any poll gave. */
  readonly atMs: number;
}

/** The Auto Scaling group has decided to terminate this instance. */
export interface GroupNotice extends Seen {
  readonly kind: 'group-termination';
}

/** Elevated risk, not a warning: it may come long before an interruption, with it, or without one. */
export interface RebalanceNotice extends Seen {
  readonly kind: 'rebalance';
  readonly noticeTimeMs: number;
}

/** A scheduled event of the instance or its host. */
export interface MaintenanceNotice extends Seen {
  readonly kind: 'maintenance';
  readonly code: MaintenanceCode;
  readonly notBeforeMs: number;
  readonly notAfterMs: number | undefined;
}

export type Notice = SpotNotice | GroupNotice | RebalanceNotice | MaintenanceNotice;

export type NoticeKind = Notice['kind'];

export const noticeKinds: readonly NoticeKind[] = [
  'spot-interruption',
  'group-termination',
  'rebalance',
  'maintenance',
];
