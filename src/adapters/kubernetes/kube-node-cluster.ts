import { signalCondition } from '../../drain/marks.ts';
import type { NodeView, PodView } from '../../drain/observed.ts';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import type { EvictionAnswer, NodeCluster, Permission } from '../../ports/node-cluster.ts';
import type { Kept } from './json-skimmer.ts';
import { messageOf, refused, type KubeAnswer, type KubeCall, type KubeClient } from './kube-client.ts';
import { fieldsOf, nameOf, nodeView, podParts, podView, rfc3339 } from './kube-objects.ts';
import { nodePatch } from './node-patch.ts';
import { nodeClaims } from './kube-node-claims.ts';
import { coreEvent } from './node-event.ts';
import { firstPageSize, skimmedList } from './skimmed-list.ts';

const mergePatch = 'application/merge-patch+json';
const strategicPatch = 'application/strategic-merge-patch+json';

const namesOnly: Kept = { fields: { metadata: { fields: { name: 'scalar' } } } };

/** A kubelet runs a few hundred. What is beyond is listed once these have gone. */
const mostPods = 5_000;

/**
 * Everything goes to this one Node by name and to the pods on it.
 * @param labelKeys of pods that somebody looks at; the others are not read.
 * @param eventAnnotations beside the agent's own, on every Event.
 */
export function nodeCluster(
  client: KubeClient,
  nodeName: string,
  labelKeys: readonly string[] = [],
  eventAnnotations: Readonly<Record<string, string>> = {},
): NodeCluster {
  const nodePath = `/api/v1/nodes/${encodeURIComponent(nodeName)}`;
  const podsPath = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName}`)}`;
  const podPage = firstPageSize();
  const keptOfPods = podParts(labelKeys);

  /** @throws ClusterUnavailable on anything but success. */
  async function succeeded(call: KubeCall, signal: AbortSignal): Promise<KubeAnswer> {
    const answer = await client.call(call, signal);
    if (answer.status >= 300) throw refused(`${call.method} ${call.path}`, answer);
    return answer;
  }

  /** @throws ClusterUnavailable for what is not this Node: an empty view of it would look like another instance. */
  function wholeNode({ body }: KubeAnswer): NodeView {
    const node = nodeView(body);
    if (node.name !== nodeName || node.uid === '' || node.resourceVersion === '')
      throw new ClusterUnavailable(`GET ${nodePath}: the answer is not the Node ${nodeName}`);
    return node;
  }

  async function eviction(call: KubeCall, signal: AbortSignal): Promise<EvictionAnswer> {
    try {
      return evictionAnswer(await client.call({ ...call, keeps: 'beginning' }, signal));
    } catch (error) {
      if (!(error instanceof ClusterUnavailable)) throw error;
      return { result: 'failed', retryAfterMs: undefined, message: error.message };
    }
  }

  return {
    async node(signal) {
      const answer = await client.call({ method: 'GET', path: nodePath }, signal);
      if (answer.status === 404) return 'gone';
      if (answer.status !== 200) throw refused(`GET ${nodePath}`, answer);
      return wholeNode(answer);
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
      return wholeNode(answer);
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

    pods: (signal) => {
      const read = (pod: unknown) => {
        const view = podView(pod);
        return isOver(view) ? undefined : view;
      };
      return skimmedList(client, podsPath, keptOfPods, read, { size: podPage, most: mostPods }, signal);
    },

    async hasLoadBalancers(signal) {
      // Ports of these two kinds are open on every node; an ingress that sends to nodes stands on a NodePort as well.
      const selector = 'spec.type!=ClusterIP,spec.type!=ExternalName';
      const path = `/api/v1/services?fieldSelector=${encodeURIComponent(selector)}`;
      const found = await skimmedList(
        client,
        path,
        namesOnly,
        nameOf,
        { size: { items: 1 }, most: 1 },
        signal,
      );
      return found.length > 0;
    },

    async terminatingNamespaces(signal) {
      const path = `/api/v1/namespaces?fieldSelector=${encodeURIComponent('status.phase=Terminating')}`;
      return new Set(await skimmedList(client, path, namesOnly, nameOf, { size: firstPageSize() }, signal));
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
      const path = `/api/v1/namespaces/${encodeURIComponent(event.pod?.namespace ?? 'default')}/events`;
      const body = coreEvent(event, node, eventAnnotations);
      const answer = await client.call({ method: 'POST', path, body }, signal);
      if (answer.status === 409) return 'known';
      if (answer.status >= 300) throw refused(`POST ${path}`, answer);
      return 'told';
    },

    ...nodeClaims(client, nodeName),

    async may(permission, signal) {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const { body } = await succeeded({ method: 'POST', path, body: accessReview(permission) }, signal);
      return fieldsOf(fieldsOf(body)['status'])['allowed'] === true;
    },
  };
}

/** A pod that has ended needs no place, and a node may have any number of them. */
function isOver({ phase }: PodView): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function podPath(pod: PodView): string {
  return `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}`;
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
