import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { until } from '../peers/until.ts';
import { ApiRefusal } from './kube-api.ts';
import { collectionOf } from '../peers/manifest-collections.ts';
import type { PlayedCluster } from './played-cluster.ts';
import type { PlayedPod } from './player/played-pod.ts';

const permissions = new URL('../../docs/agent-permissions.yaml', import.meta.url);

/** The documented permissions and policies, in kube-system; once in a cluster. */
export async function documentedPermissions({ api }: PlayedCluster): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(permissions, 'utf8'))) {
    const object = document.toJS() as Parameters<typeof collectionOf>[0];
    await api.create(collectionOf(object), object).catch((error: unknown) => {
      if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    });
  }
}

/** What a story changes so that nobody waits for minutes. */
const quick = {
  min_node_age: '0s',
  load_balancer_wait: '0s',
  deadline_margin: '1s',
  max_grace: '1s',
  poll_interval: '200ms',
  maintenance_interval: '300ms',
  max_poll_age: '2s',
};

export interface AgentDaemon {
  /** The agent's pod on that node, as it is played. */
  on(node: string): PlayedPod;
  remove(): Promise<void>;
}

/** A DaemonSet of agents on the nodes with label `story`, under the documented service account, on the host network. */
export async function agentDaemon(
  world: PlayedCluster,
  story: string,
  nodes: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<AgentDaemon> {
  const { api, player } = world;
  const namespace = 'kube-system';
  const name = `agent-${story}`;
  const labels = { app: name };
  const field = (variable: string, fieldPath: string) => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  });
  await api.create(`/api/v1/namespaces/${namespace}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { 'agent.yaml': JSON.stringify({ ...quick, ...config }) },
  });
  await api.create(`/apis/apps/v1/namespaces/${namespace}/daemonsets`, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: 'spot-expander-agent',
          automountServiceAccountToken: true,
          hostNetwork: true,
          nodeSelector: { story },
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 20,
          containers: [
            {
              name: 'agent',
              image: 'test/spot-expander:built',
              args: ['agent', '--config', '/etc/spot-expander/agent.yaml'],
              env: [
                field('NODE_NAME', 'spec.nodeName'),
                field('POD_NAME', 'metadata.name'),
                field('POD_NAMESPACE', 'metadata.namespace'),
              ],
              ports: [{ name: 'http', containerPort: 8090 }],
              livenessProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 2 },
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 },
              securityContext: { readOnlyRootFilesystem: true },
              volumeMounts: [
                { name: 'config', mountPath: '/etc/spot-expander', readOnly: true },
                // The key that proves marks outlives the container, as in the chart.
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'config', configMap: { name } },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      },
    },
  });
  const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}`;
  await until(
    `the agents of ${story} to be ready`,
    async () =>
      (await api.get<{ status: { numberReady?: number } }>(path)).status.numberReady === nodes.length,
    40_000,
  );
  const all = () => player.podsOf(namespace, labels);
  return {
    on(node) {
      const found = all().find(({ pod }) => pod.spec.nodeName === node);
      if (found === undefined) throw new Error(`no agent is played on ${node}`);
      return found;
    },
    async remove() {
      await api.remove(path);
      await api.remove(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
      await until(`the agents of ${story} to end`, () => all().length === 0, 30_000);
    },
  };
}
