import type {
  MaintenanceCode,
  MaintenanceNotice,
  Notice,
  RebalanceNotice,
  SpotAction,
  SpotNotice,
} from './notice.ts';

/** One poll of the metadata service. `unread` = this source could not be read now, which says nothing about a notice. */
export interface Poll {
  readonly spot: { readonly action: SpotAction; readonly atMs: number } | 'none' | 'unread';
  readonly rebalance: { readonly noticeTimeMs: number } | 'none' | 'unread';
  readonly group: 'terminated' | 'none' | 'unread';
  /** Events that are still ahead or running; cancelled and completed ones are left out by the reader. */
  readonly maintenance: readonly MaintenanceReading[] | 'unread';
}

export interface MaintenanceReading {
  readonly eventId: string;
  readonly code: MaintenanceCode;
  readonly notBeforeMs: number;
  readonly notAfterMs: number | undefined;
}

export interface Episodes {
  readonly notices: readonly Notice[];
  /** Notices that this poll began. */
  readonly began: readonly Notice[];
  /** A Spot notice whose time had passed before anyone saw it lingers in the metadata and is no event. */
  readonly stale: boolean;
}

/** A hibernation begins at once, so that its time is past by the time it is read; older than this it lingers. */
const hibernateFreshMs = 120_000;

/** With no silence between, a time this far past the one that has run out belongs to another notice. */
const anotherAfterMs = 60_000;

/**
 * Folds one poll into the notices that stand. A notice begins when its source goes from absent to present and is one
 * event until the source has been seen absent again and its time has passed; its earliest time holds, so that a time which moves on with every
 * request cannot put a deadline off. Termination and rebalance notices stay after the source falls silent: their own
 * deadline or time to live ends them. A maintenance event ends when it is no longer listed.
 */
export function nextEpisodes(before: readonly Notice[], poll: Poll, nowMs: number): Episodes {
  const began: Notice[] = [];
  const spot = spotEpisode(before.find(isSpot), poll.spot, nowMs);
  const notices = [
    spot.notice,
    rebalanceEpisode(before.find(isRebalance), poll.rebalance, nowMs),
    groupEpisode(
      before.find((one) => one.kind === 'group-termination'),
      poll.group,
      nowMs,
    ),
    ...maintenanceEpisodes(before.filter(isMaintenance), poll.maintenance, nowMs),
  ].filter((one) => one !== undefined);
  for (const one of notices) if (!before.some((old) => old.id === one.id)) began.push(one);
  return { notices, began, stale: spot.stale };
}

function isSpot(notice: Notice): notice is SpotNotice {
  return notice.kind === 'spot-interruption';
}

function isRebalance(notice: Notice): notice is RebalanceNotice {
  return notice.kind === 'rebalance';
}

function isMaintenance(notice: Notice): notice is MaintenanceNotice {
  return notice.kind === 'maintenance';
}

function spotEpisode(
  before: SpotNotice | undefined,
  reading: Poll['spot'],
  nowMs: number,
): { readonly notice: SpotNotice | undefined; readonly stale: boolean } {
  if (reading === 'unread') return { notice: before, stale: false };
  if (reading === 'none') return { notice: before && { ...before, present: false }, stale: false };
  const isFresh =
    reading.atMs > nowMs || (reading.action === 'hibernate' && reading.atMs > nowMs - hibernateFreshMs);
  const begun: SpotNotice = {
    kind: 'spot-interruption',
    id: `spot-interruption/${new Date(reading.atMs).toISOString()}`,
    seenAtMs: nowMs,
    present: true,
    ...reading,
  };
  if (before === undefined)
    return isFresh ? { notice: begun, stale: false } : { notice: undefined, stale: true };
  if (isFresh && isAnother(before, reading, nowMs)) return { notice: begun, stale: false };
  return {
    notice: { ...before, present: true, action: reading.action, atMs: Math.min(before.atMs, reading.atMs) },
    stale: false,
  };
}

/** Whether a fresh reading is a notice of its own; while the known one's time is still ahead it never is. */
function isAnother(
  before: SpotNotice,
  reading: { readonly action: SpotAction; readonly atMs: number },
  nowMs: number,
): boolean {
  if (before.atMs > nowMs || reading.atMs <= before.atMs) return false;
  return !before.present || reading.action !== before.action || reading.atMs > before.atMs + anotherAfterMs;
}

function rebalanceEpisode(
  before: RebalanceNotice | undefined,
  reading: Poll['rebalance'],
  nowMs: number,
): RebalanceNotice | undefined {
  if (reading === 'unread') return before;
  if (reading === 'none') return before && { ...before, present: false };
  if (before?.present === true) return before;
  const id = `rebalance/${new Date(reading.noticeTimeMs).toISOString()}`;
  if (before?.id === id) return { ...before, present: true };
  return { kind: 'rebalance', id, seenAtMs: nowMs, present: true, ...reading };
}

function groupEpisode(before: Notice | undefined, reading: Poll['group'], nowMs: number): Notice | undefined {
  if (reading === 'unread') return before;
  if (reading === 'none') return before && { ...before, present: false };
  if (before?.present === true) return before;
  return {
    kind: 'group-termination',
    id: `group-termination/${new Date(nowMs).toISOString()}`,
    seenAtMs: nowMs,
    present: true,
  };
}

function maintenanceEpisodes(
  before: readonly MaintenanceNotice[],
  readings: Poll['maintenance'],
  nowMs: number,
): readonly MaintenanceNotice[] {
  if (readings === 'unread') return before;
  return readings.map(({ eventId, ...reading }) => {
    const id = `maintenance/${eventId}`;
    const seenAtMs = before.find((one) => one.id === id)?.seenAtMs ?? nowMs;
    return { kind: 'maintenance', id, seenAtMs, present: true, ...reading };
  });
}
