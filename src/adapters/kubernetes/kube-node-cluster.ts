import { atRiskLabel, owner, prefix, signalCondition } from '../../drain/marks.ts';
import type { NodeView, PodView } from '../../drain/observed.ts';
import type { NodeChange } from '../../drain/steps.ts';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import type { EvictionAnswer, NodeCluster, NodeEvent, Permission } from '../../ports/node-cluster.ts';
import { messageOf, refused, type KubeAnswer, type KubeCall, type KubeClient } from './kube-client.ts';
import { fieldsOf, listOf, nodeView, podView, textOf, timeOf } from './kube-objects.ts';

const mergePatch = 'application/merge-patch+json';
const claimsPath = '/apis/karpenter.sh/v1/nodeclaims';
const poolsPath = '/apis/karpenter.sh/v1/nodepools';
const strategicPatch = 'application/strategic-merge-patch+json';

/** Everything goes to this one Node by name and to the pods on it. */
export function nodeCluster(client: KubeClient, nodeName: string): NodeCluster {
  const nodePath = `/api/v1/nodes/${encodeURIComponent(nodeName)}`;

  /** @throws ClusterUnavailable on anything but success. */
  async function succeeded(call: KubeCall, signal: AbortSignal): Promise<KubeAnswer> {
    const answer = await client.call(call, signal);
    if (answer.status >= 300) throw refused(`${call.method} ${call.path}`, answer);
    return answer;
  }

  async function eviction(call: KubeCall, signal: AbortSignal): Promise<EvictionAnswer> {
    try {
      return evictionAnswer(await client.call(call, signal));
    } catch (error) {
      if (!(error instanceof ClusterUnavailable)) throw error;
      return { result: 'failed', retryAfterMs: undefined, message: error.message };
    }
  }

  async function claimOfNode(signal: AbortSignal): Promise<string | undefined> {
    const { status, body } = await client.call({ method: 'GET', path: claimsPath }, signal);
    if (status !== 200) return undefined;
    const mine = listOf(fieldsOf(body)['items']).find(
      (one) => fieldsOf(one['status'])['nodeName'] === nodeName,
    );
    const name = textOf(fieldsOf(mine?.['metadata'])['name']);
    return name === '' ? undefined : name;
  }

  async function labelledClaim(
    nodeClaim: string,
    value: string | null,
    signal: AbortSignal,
  ): Promise<'done' | 'denied'> {
    const name = nodeClaim === '' ? await claimOfNode(signal) : nodeClaim;
    if (name === undefined) return 'denied';
    const path = `${claimsPath}/${encodeURIComponent(name)}`;
    const body = { metadata: { labels: { [atRiskLabel]: value } } };
    const answer = await client.call({ method: 'PATCH', path, contentType: mergePatch, body }, signal);
    if (isDenied(answer)) return 'denied';
    if (answer.status >= 300) throw refused(`PATCH ${path}`, answer);
    return 'done';
  }

  return {
    async node(signal) {
      const answer = await client.call({ method: 'GET', path: nodePath }, signal);
      if (answer.status === 404) return 'gone';
      if (answer.status !== 200) throw refused(`GET ${nodePath}`, answer);
      return nodeView(answer.body);
    },

    async changeNode(change, signal) {
      const call: KubeCall = {
        method: 'PATCH',
        path: nodePath,
        contentType: mergePatch,
        body: nodePatch(change),
      };
      const answer = await client.call(call, signal);
      if (answer.status === 409) return 'conflict';
      if (answer.status === 404) return 'gone';
      if (answer.status !== 200) throw refused(`PATCH ${nodePath}`, answer);
      return nodeView(answer.body);
    },

    async setCondition({ status, reason, message, atMs }, signal) {
      const at = rfc3339(atMs);
      const condition = {
        type: signalCondition,
        status,
        reason,
        message,
        lastHeartbeatTime: at,
        lastTransitionTime: at,
      };
      await succeeded(
        {
          method: 'PATCH',
          path: `${nodePath}/status`,
          contentType: strategicPatch,
          body: { status: { conditions: [condition] } },
        },
        signal,
      );
    },

    async pods(signal) {
      const path = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName}`)}`;
      const { body } = await succeeded({ method: 'GET', path }, signal);
      return listOf(fieldsOf(body)['items']).map(podView);
    },

    async terminatingNamespaces(signal) {
      const path = `/api/v1/namespaces?fieldSelector=${encodeURIComponent('status.phase=Terminating')}`;
      const { body } = await succeeded({ method: 'GET', path }, signal);
      return new Set(listOf(fieldsOf(body)['items']).map((one) => textOf(fieldsOf(one['metadata'])['name'])));
    },

    evict: (pod, graceSeconds, signal) =>
      eviction(
        {
          method: 'POST',
          path: `${podPath(pod)}/eviction`,
          body: {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { name: pod.name, namespace: pod.namespace },
            deleteOptions: {
              preconditions: { uid: pod.uid },
              ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
            },
          },
        },
        signal,
      ),

    deletePod: (pod, graceSeconds, signal) =>
      eviction(
        {
          method: 'DELETE',
          path: podPath(pod),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            gracePeriodSeconds: graceSeconds,
            preconditions: { uid: pod.uid },
          },
        },
        signal,
      ),

    async tell(event, node, signal) {
      const path = '/api/v1/namespaces/default/events';
      const answer = await client.call({ method: 'POST', path, body: coreEvent(event, node) }, signal);
      if (answer.status === 409) return 'known';
      if (answer.status >= 300) throw refused(`POST ${path}`, answer);
      return 'told';
    },

    async handOver(nodeClaim, terminateAtMs, signal) {
      const name = nodeClaim === '' ? await claimOfNode(signal) : nodeClaim;
      if (name === undefined) return 'denied';
      const path = `${claimsPath}/${encodeURIComponent(name)}`;
      const stamp = { 'karpenter.sh/nodeclaim-termination-timestamp': rfc3339(terminateAtMs) };
      const stamped = await client.call(
        { method: 'PATCH', path, contentType: mergePatch, body: { metadata: { annotations: stamp } } },
        signal,
      );
      if (isDenied(stamped)) return 'denied';
      if (stamped.status >= 300) throw refused(`PATCH ${path}`, stamped);
      if (timeOf(fieldsOf(fieldsOf(stamped.body)['metadata'])['deletionTimestamp']) !== undefined)
        return 'accepted';
      const deleted = await client.call({ method: 'DELETE', path }, signal);
      if (isDenied(deleted)) return 'denied';
      if (deleted.status >= 300) throw refused(`DELETE ${path}`, deleted);
      return 'accepted';
    },

    async putAtRisk(nodeClaim, nodePool, signal) {
      const poolPath = `${poolsPath}/${encodeURIComponent(nodePool)}`;
      const pool = await client.call({ method: 'GET', path: poolPath }, signal);
      if (isDenied(pool) || (pool.status === 200 && !hasOptedIn(pool.body))) return 'denied';
      if (pool.status !== 200) throw refused(`GET ${poolPath}`, pool);
      const answer = await labelledClaim(nodeClaim, 'rebalance', signal);
      return answer === 'denied' ? 'denied' : 'accepted';
    },

    async endRisk(nodeClaim, signal) {
      await labelledClaim(nodeClaim, null, signal);
    },

    async may(permission, signal) {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const { body } = await succeeded({ method: 'POST', path, body: accessReview(permission) }, signal);
      return fieldsOf(fieldsOf(body)['status'])['allowed'] === true;
    },
  };
}

function podPath(pod: PodView): string {
  return `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}`;
}

/** Karpenter drifts a NodeClaim whose labels its NodePool's requirements no longer allow. */
function hasOptedIn(nodePool: unknown): boolean {
  const template = fieldsOf(fieldsOf(fieldsOf(nodePool)['spec'])['template']);
  return listOf(fieldsOf(template['spec'])['requirements']).some(
    (one) => one['key'] === atRiskLabel && one['operator'] === 'DoesNotExist',
  );
}

function isDenied({ status }: KubeAnswer): boolean {
  return status === 403 || status === 404;
}

/** A merge patch replaces whole lists: `resourceVersion` makes the write fail when somebody else has written since. */
function nodePatch(change: NodeChange): unknown {
  return {
    metadata: {
      resourceVersion: change.resourceVersion,
      ...(Object.keys(change.annotations).length > 0 && { annotations: change.annotations }),
      ...(Object.keys(change.labels).length > 0 && { labels: change.labels }),
    },
    spec: {
      ...(change.taints !== undefined && { taints: change.taints.length === 0 ? null : change.taints }),
      ...(change.unschedulable !== undefined && { unschedulable: change.unschedulable ? true : null }),
    },
  };
}

function evictionAnswer(answer: KubeAnswer): EvictionAnswer {
  return { result: evictionResult(answer), retryAfterMs: answer.retryAfterMs, message: messageOf(answer) };
}

function evictionResult(answer: KubeAnswer): EvictionAnswer['result'] {
  const { status } = answer;
  if (status < 300) return 'evicted';
  // 409 is a pod of the same name with another uid: the one that was meant has gone.
  if (status === 404 || (status === 409 && messageOf(answer).includes('precondition'))) return 'gone';
  if (status === 429) return 'blocked';
  if (status === 500 && messageOf(answer).includes('PodDisruptionBudget')) return 'misconfigured';
  return status === 401 || status === 403 || status === 422 ? 'refused' : 'failed';
}

const maxEventNote = 1_024;

function coreEvent(event: NodeEvent, node: NodeView): unknown {
  const at = rfc3339(event.atMs);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      // A fixed name makes telling twice harmless: the second attempt is answered with 409.
      name: `${node.name}.${shortHash(`${node.uid}/${event.id}`)}`,
      namespace: 'default',
      annotations: { [`${prefix}event-id`]: event.id },
    },
    involvedObject: { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid },
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

function accessReview({ verb, group, resource, subresource, name, namespace }: Permission): unknown {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        verb,
        group,
        resource,
        ...(subresource !== undefined && { subresource }),
        ...(name !== undefined && { name }),
        ...(namespace !== undefined && { namespace }),
      },
    },
  };
}

function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
