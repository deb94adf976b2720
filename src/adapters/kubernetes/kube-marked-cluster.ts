import { atRiskLabel, drainSlotLabel, signalCondition } from '../../drain/marks.ts';
import type { PodView } from '../../drain/observed.ts';
import type { MarkedCluster, NotThere } from '../../ports/marked-cluster.ts';
import type { AskedOptions, ClusterApis, Refusal } from './cluster-apis.ts';
import { fieldsOf, listOf, podView, textOf } from './kube-objects.ts';
import { nodePages } from './node-pages.ts';
import { nodePatch } from './node-patch.ts';

const nodeClaims = { group: 'karpenter.sh', version: 'v1', plural: 'nodeclaims' } as const;
/** As the chart labels the pods of its DaemonSet. */
const agentLabels = 'app.kubernetes.io/name=spot-expander,app.kubernetes.io/component=agent';
/** A pod that has had its grace period and this long is on a machine that has gone. */
const ghostMs = 30_000;

/** Every Node; the Leases and the agents' pods of one namespace. */
export function markedCluster(apis: ClusterApis, namespace: string): MarkedCluster {
  const { core, coordination, custom, asked } = apis;

  return {
    nodes: (signal) => nodePages(apis, signal),

    changeNode: (name, change, signal) =>
      asked<'done' | 'conflict' | 'gone'>(
        (options) => core.patchNode({ name, body: nodePatch(change) }, options).then(done),
        signal,
        {
          patch: 'merge',
          expected: ({ status }) => (status === 409 ? 'conflict' : status === 404 ? 'gone' : undefined),
        },
      ),

    removeCondition: (name, signal) =>
      asked(
        (options) =>
          core
            .patchNodeStatus(
              { name, body: { status: { conditions: [{ $patch: 'delete', type: signalCondition }] } } },
              options,
            )
            .then(done),
        signal,
        { patch: 'strategic-merge', ...orGone },
      ),

    // The value is the agent's own: a label that a person set to something else stays.
    claimsAtRisk: (signal) =>
      asked(
        (options) =>
          custom
            .listClusterCustomObject({ ...nodeClaims, labelSelector: `${atRiskLabel}=rebalance` }, options)
            .then(namesIn),
        signal,
        orNotThere,
      ),

    endRisk: (name, signal) =>
      asked(
        (options) =>
          custom
            .patchClusterCustomObject(
              { ...nodeClaims, name, body: { metadata: { labels: { [atRiskLabel]: null } } } },
              options,
            )
            .then(done),
        signal,
        { patch: 'merge', ...orGone },
      ),

    drainPlaces: (signal) =>
      asked(
        (options) =>
          coordination
            .listNamespacedLease({ namespace, labelSelector: drainSlotLabel }, options)
            .then(namesIn),
        signal,
        orNotThere,
      ),

    removeDrainPlace: (name, signal) =>
      asked(
        (options) => coordination.deleteNamespacedLease({ namespace, name }, options).then(done),
        signal,
        orGone,
      ),

    async agents(release, nowMs, signal) {
      const ofRelease = release === undefined ? '' : `,app.kubernetes.io/instance=${release}`;
      const labelSelector = `${agentLabels}${ofRelease}`;
      const pods = await asked<readonly PodView[] | NotThere>(
        (options) =>
          core
            .listNamespacedPod({ namespace, labelSelector }, options)
            .then(({ items }) => items.map(podView)),
        signal,
        orNotThere,
      );
      return typeof pods === 'string'
        ? pods
        : pods.filter((pod) => mayAct(pod, nowMs)).map((pod) => pod.name);
    },
  };
}

const orGone: AskedOptions<'done' | 'gone'> = {
  expected: ({ status }) => (status === 404 ? 'gone' : undefined),
};

const orNotThere = { expected: notThere } as const;

function notThere({ status }: Refusal): NotThere | undefined {
  return status === 403 ? 'denied' : status === 404 ? 'absent' : undefined;
}

function done(): 'done' {
  return 'done';
}

function mayAct({ phase, deletionEndsAtMs, nodeName }: PodView, nowMs: number): boolean {
  if (nodeName === '' || phase === 'Succeeded' || phase === 'Failed') return false;
  return deletionEndsAtMs === undefined || nowMs < deletionEndsAtMs + ghostMs;
}

function namesIn(list: unknown): readonly string[] | NotThere {
  return listOf(fieldsOf(list)['items']).map((one) => textOf(fieldsOf(one['metadata'])['name']));
}
