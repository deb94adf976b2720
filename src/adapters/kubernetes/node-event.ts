import { owner, prefix } from '../../drain/marks.ts';
import type { NodeView } from '../../drain/observed.ts';
import type { NodeEvent } from '../../ports/node-cluster.ts';
import { rfc3339 } from './kube-objects.ts';

const maxEventNote = 1_024;

/** The Event of a Node, or of a pod on it, that tells of it; the same id makes the same name. */
export function coreEvent(
  event: NodeEvent,
  node: NodeView,
  more: Readonly<Record<string, string>> = {},
): unknown {
  const { pod } = event;
  const at = rfc3339(event.atMs);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      // A fixed name makes telling twice harmless: the second attempt is answered with 409.
      name: `${pod?.name ?? node.name}.${shortHash(`${node.uid}/${event.id}`)}`,
      namespace: pod?.namespace ?? 'default',
      annotations: { ...more, [`${prefix}event-id`]: event.id },
    },
    involvedObject:
      pod === undefined
        ? { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid }
        : { apiVersion: 'v1', kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: pod.uid },
    reason: event.reason,
    message: event.message.slice(0, maxEventNote),
    type: event.type,
    source: { component: owner, host: node.name },
    reportingComponent: owner,
    reportingInstance: node.name,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

/** FNV-1a in two passes, 64 bits as hex: names only have to differ. */
function shortHash(text: string): string {
  const bytes = Buffer.from(text);
  const pass = (from: number) => bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, from);
  return [0x811c9dc5, 0x9747b28c].map((from) => pass(from).toString(16).padStart(8, '0')).join('');
}
