import { signalCondition } from '../../drain/marks.ts';
import type { NodeView, PodView, Taint } from '../../drain/observed.ts';
import type { Kept } from './json-skimmer.ts';

/** Reads what the API server sends; fields that are missing or of another kind read as absent. */

type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  // An object of JSON is exactly this; every field of it is checked where it is read.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** A time as the API server writes it, or as the typed client has read it. */
export function timeOf(value: unknown): number | undefined {
  const ms = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/** Undefined for an object without one. */
export function nameOf(object: unknown): string | undefined {
  const name = textOf(fieldsOf(fieldsOf(object)['metadata'])['name']);
  return name === '' ? undefined : name;
}

/** To the second, as the API server writes it. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function nodeView(object: unknown): NodeView {
  const { metadata, spec, status } = fieldsOf(object);
  const meta = fieldsOf(metadata);
  const nodeSpec = fieldsOf(spec);
  const condition = listOf(fieldsOf(status)['conditions']).find((one) => one['type'] === signalCondition);
  const claim = listOf(meta['ownerReferences']).find(
    (one) => one['kind'] === 'NodeClaim' && textOf(one['apiVersion']).startsWith('karpenter.sh/'),
  );
  return {
    name: textOf(meta['name']),
    uid: textOf(meta['uid']),
    resourceVersion: textOf(meta['resourceVersion']),
    providerId: textOf(nodeSpec['providerID']),
    createdAtMs: timeOf(meta['creationTimestamp']) ?? 0,
    unschedulable: nodeSpec['unschedulable'] === true,
    labels: textsOf(meta['labels']),
    annotations: textsOf(meta['annotations']),
    taints: listOf(nodeSpec['taints']).map(taint),
    bootId: textOf(fieldsOf(fieldsOf(status)['nodeInfo'])['bootID']),
    condition: condition && { status: textOf(condition['status']), reason: textOf(condition['reason']) },
    addresses: listOf(fieldsOf(status)['addresses']).map((one) => ({
      type: textOf(one['type']),
      address: textOf(one['address']),
    })),
    nodeClaim: claim === undefined ? claimByLabel(meta['labels']) : textOf(claim['name']),
  };
}

function timeText(value: unknown): string {
  return value instanceof Date ? rfc3339(value.getTime()) : textOf(value);
}

/** Nodes that Karpenter registered before it set owners carry only the pool's label. */
function claimByLabel(labels: unknown): string | undefined {
  return textsOf(labels)['karpenter.sh/nodepool'] === undefined ? undefined : '';
}

function taint(one: Fields): Taint {
  return {
    key: textOf(one['key']),
    effect: textOf(one['effect']),
    ...(one['value'] !== undefined && { value: textOf(one['value']) }),
    ...(one['timeAdded'] !== undefined && { timeAdded: timeText(one['timeAdded']) }),
  };
}

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const defaultGraceSeconds = 30;

/** All that `podView` looks at, with the labels of these keys: neither environment nor anything else that pods carry. */
export function podParts(labelKeys: readonly string[]): Kept {
  const scalars = (...names: readonly string[]): Record<string, Kept> =>
    Object.fromEntries(names.map((name) => [name, 'scalar']));
  return {
    fields: {
      metadata: {
        fields: {
          ...scalars('name', 'namespace', 'uid', 'deletionTimestamp'),
          labels: { fields: scalars(...labelKeys) },
          annotations: { fields: scalars(mirrorAnnotation) },
          ownerReferences: { each: { fields: scalars('kind', 'controller') } },
        },
      },
      spec: {
        fields: {
          ...scalars('nodeName', 'priority', 'terminationGracePeriodSeconds'),
          volumes: { each: { fields: { emptyDir: { fields: {} } } } },
        },
      },
      status: { fields: scalars('phase') },
    },
  };
}

export function podView(object: unknown): PodView {
  const { metadata, spec, status } = fieldsOf(object);
  const meta = fieldsOf(metadata);
  const podSpec = fieldsOf(spec);
  const controller = listOf(meta['ownerReferences']).find((one) => one['controller'] === true);
  const grace = podSpec['terminationGracePeriodSeconds'];
  return {
    namespace: textOf(meta['namespace']),
    name: textOf(meta['name']),
    uid: textOf(meta['uid']),
    nodeName: textOf(podSpec['nodeName']),
    phase: textOf(fieldsOf(status)['phase']),
    priority: typeof podSpec['priority'] === 'number' ? podSpec['priority'] : 0,
    graceMs: (typeof grace === 'number' ? grace : defaultGraceSeconds) * 1_000,
    // The API server writes the END of the grace period into deletionTimestamp.
    deletionEndsAtMs: timeOf(meta['deletionTimestamp']),
    controllerKind: controller === undefined ? undefined : textOf(controller['kind']),
    isMirror: textsOf(meta['annotations'])[mirrorAnnotation] !== undefined,
    hasEmptyDir: listOf(podSpec['volumes']).some((volume) => volume['emptyDir'] !== undefined),
    labels: textsOf(meta['labels']),
  };
}
