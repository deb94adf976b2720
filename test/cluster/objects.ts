import { until } from '../peers/until.ts';
import type { KubeApi, KubeObject } from './kube-api.ts';

/* What the stories say to the API server in one line each. */

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface NodeObject extends KubeObject {
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
  };
}

export interface PodObject extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const aNode = (api: KubeApi, name: string) => api.get<NodeObject>(`/api/v1/nodes/${name}`);

export async function aNamespace(api: KubeApi, name: string): Promise<string> {
  await api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  // Its default service account comes a moment later, and no pod without it.
  await until(
    `the default service account of ${name}`,
    async () => (await api.found(`/api/v1/namespaces/${name}/serviceaccounts/default`)) !== undefined,
    20_000,
  );
  return name;
}

export function podsIn(api: KubeApi, namespace: string, labels = ''): Promise<readonly PodObject[]> {
  const query = labels === '' ? '' : `?labelSelector=${encodeURIComponent(labels)}`;
  return api.list<PodObject>(`/api/v1/namespaces/${namespace}/pods${query}`);
}

/** A pod bound to its node, whatever the node's taints; asked to leave, it goes within a second. */
export function aPodOn(
  api: KubeApi,
  nodeName: string,
  pod: {
    readonly namespace: string;
    readonly name: string;
    readonly env?: readonly { readonly name: string; readonly value: string }[];
  },
): Promise<unknown> {
  const { namespace, name, env = [] } = pod;
  return api.create(`/api/v1/namespaces/${namespace}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { on: nodeName } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 1,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'c', image: 'none', env }],
    },
  });
}

/** The pods of `aPodOn` that nobody has asked to leave. */
export async function podsStayingOn(
  api: KubeApi,
  nodeName: string,
  namespace: string,
): Promise<readonly PodObject[]> {
  return (await podsIn(api, namespace, `on=${nodeName}`)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
}

/** A budget that allows no eviction of the pods of `aPodOn`. */
export function aClosedBudget(api: KubeApi, nodeName: string, namespace: string): Promise<unknown> {
  return api.create(`/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: nodeName },
    spec: { maxUnavailable: 0, selector: { matchLabels: { on: nodeName } } },
  });
}

export function isReady({ status, metadata }: PodObject): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') === true
  );
}

/** A Deployment of pods that kwok runs, kept to the nodes of one story. */
export async function aDeployment(
  api: KubeApi,
  namespace: string,
  name: string,
  replicas: number,
  story: string,
): Promise<void> {
  await api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          nodeSelector: { story },
          containers: [{ name: 'c', image: 'none', resources: { requests: { cpu: '100m' } } }],
        },
      },
    },
  });
  await until(
    `${name} to run`,
    async () => (await podsIn(api, namespace, `app=${name}`)).filter(isReady).length === replicas,
    30_000,
  );
}

export async function aBudget(
  api: KubeApi,
  namespace: string,
  name: string,
  minAvailable: number,
): Promise<void> {
  const path = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;
  await api.create(path, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { minAvailable, selector: { matchLabels: { app: name } } },
  });
  await until(
    `the budget of ${name} to be looked at`,
    async () =>
      ((await api.get<{ status?: { currentHealthy?: number } }>(`${path}/${name}`)).status?.currentHealthy ??
        0) >= minAvailable,
    20_000,
  );
}
