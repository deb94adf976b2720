import type { MaintenanceReading, Poll } from '../../drain/episodes.ts';
import { maintenanceCodes, type MaintenanceCode, type SpotAction } from '../../drain/notice.ts';
import type { InstanceIdentity } from '../../ports/instance-metadata.ts';

/** Each reader gives undefined for a document that is not what AWS documents. */

function fields(text: string): Readonly<Record<string, unknown>> | undefined {
  return record(parsed(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

export function identityDocument(text: string): InstanceIdentity | undefined {
  const { instanceId, instanceType, availabilityZone, region, privateIp } = fields(text) ?? {};
  if (typeof instanceId !== 'string' || !/^i-[\w-]{1,64}$/.test(instanceId)) return undefined;
  const orEmpty = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    instanceId,
    instanceType: orEmpty(instanceType),
    zone: orEmpty(availabilityZone),
    region: orEmpty(region),
    ...(typeof privateIp === 'string' && privateIp !== '' && { privateIp }),
  };
}

const actions: readonly SpotAction[] = ['terminate', 'stop', 'hibernate'];

export function instanceAction(text: string): Exclude<Poll['spot'], string> | undefined {
  const document = fields(text);
  const action = actions.find((one) => one === document?.['action']);
  const atMs = time(document?.['time']);
  return action === undefined || atMs === undefined ? undefined : { action, atMs };
}

export function rebalanceRecommendation(text: string): Exclude<Poll['rebalance'], string> | undefined {
  const noticeTimeMs = time(fields(text)?.['noticeTime']);
  return noticeTimeMs === undefined ? undefined : { noticeTimeMs };
}

export function targetLifecycleState(text: string): Poll['group'] | undefined {
  const state = text.trim();
  if (!/^[A-Za-z]+(?::[A-Za-z]+)?$/.test(state)) return undefined;
  return state === 'Terminated' || state === 'Warmed:Terminated' ? 'terminated' : 'none';
}

/** The events that are ahead or running: what is cancelled or completed, here or in the history, is left out. */
export function scheduledEvents(
  scheduled: string,
  history: string,
): readonly MaintenanceReading[] | undefined {
  const listed = parsed(scheduled);
  if (!Array.isArray(listed)) return undefined;
  const past = parsed(history);
  const done = new Set((Array.isArray(past) ? past : []).map((one) => record(one)?.['EventId']));
  return listed
    .map((one) => scheduledEvent(record(one)))
    .filter((event) => event !== undefined)
    .filter((event) => !done.has(event.eventId));
}

function scheduledEvent(
  event: Readonly<Record<string, unknown>> | undefined,
): MaintenanceReading | undefined {
  const code = maintenanceCodes.find((one: MaintenanceCode) => one === event?.['Code']);
  const notBeforeMs = time(event?.['NotBefore']);
  const eventId = event?.['EventId'];
  if (code === undefined || notBeforeMs === undefined || typeof eventId !== 'string') return undefined;
  const state = event?.['State'];
  const description = event?.['Description'];
  const isDone =
    state === 'canceled' ||
    state === 'completed' ||
    (typeof description === 'string' && /^\s*\[(cancell?ed|completed)\]/i.test(description));
  return isDone ? undefined : { eventId, code, notBeforeMs, notAfterMs: time(event?.['NotAfter']) };
}
