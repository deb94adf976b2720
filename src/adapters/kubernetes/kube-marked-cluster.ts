import { atRiskLabel, drainSlotLabel, signalCondition } from '../../drain/marks.ts';
import type { PodView } from '../../drain/observed.ts';
import type { MarkedCluster, NotThere } from '../../ports/marked-cluster.ts';
import { nodePages } from './node-pages.ts';
import { refused, type KubeAnswer, type KubeCall, type KubeClient } from './kube-client.ts';
import { fieldsOf, listOf, podView, textOf } from './kube-objects.ts';
import { nodeCluster } from './kube-node-cluster.ts';

const claimsPath = '/apis/karpenter.sh/v1/nodeclaims';
const strategicPatch = 'application/strategic-merge-patch+json';
/** As the chart labels the pods of its DaemonSet. */
const agentLabels = 'app.kubernetes.io/name=spot-expander,app.kubernetes.io/component=agent';
/** A pod that has had its grace period and this long is on a machine that has gone. */
const ghostMs = 30_000;

/** Every Node; the Leases and the agents' pods of one namespace. */
export function markedCluster(client: KubeClient, namespace: string): MarkedCluster {
  const within = encodeURIComponent(namespace);
  const leasesPath = `/apis/coordination.k8s.io/v1/namespaces/${within}/leases`;

  async function doneOrGone(call: KubeCall, signal: AbortSignal): Promise<'done' | 'gone'> {
    const answer = await client.call(call, signal);
    if (answer.status === 404) return 'gone';
    if (answer.status >= 300) throw refused(`${call.method} ${call.path}`, answer);
    return 'done';
  }

  function selected(path: string, labels: string, signal: AbortSignal): Promise<KubeAnswer> {
    return client.call(
      { method: 'GET', path: `${path}?labelSelector=${encodeURIComponent(labels)}` },
      signal,
    );
  }

  return {
    nodes: (signal) => nodePages(client, signal),

    async changeNode(name, change, signal) {
      const changed = await nodeCluster(client, name).changeNode(change, signal);
      return typeof changed === 'string' ? changed : 'done';
    },

    removeCondition: (name, signal) =>
      doneOrGone(
        {
          method: 'PATCH',
          path: `/api/v1/nodes/${encodeURIComponent(name)}/status`,
          contentType: strategicPatch,
          body: { status: { conditions: [{ $patch: 'delete', type: signalCondition }] } },
        },
        signal,
      ),

    async claimsAtRisk(signal) {
      // The value is the agent's own: a label that a person set to something else stays.
      const answer = await selected(claimsPath, `${atRiskLabel}=rebalance`, signal);
      return notThere(answer) ?? namesIn(succeeded(`GET ${claimsPath}`, answer));
    },

    endRisk: (nodeClaim, signal) =>
      doneOrGone(
        {
          method: 'PATCH',
          path: `${claimsPath}/${encodeURIComponent(nodeClaim)}`,
          contentType: 'application/merge-patch+json',
          body: { metadata: { labels: { [atRiskLabel]: null } } },
        },
        signal,
      ),

    async drainPlaces(signal) {
      const answer = await selected(leasesPath, drainSlotLabel, signal);
      return notThere(answer) ?? namesIn(succeeded(`GET ${leasesPath}`, answer));
    },

    removeDrainPlace: (name, signal) =>
      doneOrGone({ method: 'DELETE', path: `${leasesPath}/${encodeURIComponent(name)}` }, signal),

    async agents(release, nowMs, signal) {
      const path = `/api/v1/namespaces/${within}/pods`;
      const ofRelease = release === undefined ? '' : `,app.kubernetes.io/instance=${release}`;
      const answer = await selected(path, `${agentLabels}${ofRelease}`, signal);
      const missing = notThere(answer);
      if (missing !== undefined) return missing;
      return listOf(fieldsOf(succeeded(`GET ${path}`, answer).body)['items'])
        .map(podView)
        .filter((pod) => mayAct(pod, nowMs))
        .map((pod) => pod.name);
    },
  };
}

function mayAct({ phase, deletionEndsAtMs, nodeName }: PodView, nowMs: number): boolean {
  if (nodeName === '' || phase === 'Succeeded' || phase === 'Failed') return false;
  return deletionEndsAtMs === undefined || nowMs < deletionEndsAtMs + ghostMs;
}

function notThere({ status }: KubeAnswer): NotThere | undefined {
  return status === 403 ? 'denied' : status === 404 ? 'absent' : undefined;
}

/** @throws ClusterUnavailable on anything but success. */
function succeeded(what: string, answer: KubeAnswer): KubeAnswer {
  if (answer.status !== 200) throw refused(what, answer);
  return answer;
}

function namesIn({ body }: KubeAnswer): readonly string[] {
  return listOf(fieldsOf(body)['items']).map((one) => textOf(fieldsOf(one['metadata'])['name']));
}
