/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devCertificateFiles } from '../../src/adapters/files/dev-certificate.ts';
import { kubeAccess } from '../../src/adapters/kubernetes/kube-access.ts';
import { kubeClient, type KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { someCluster } from './shared-cluster.ts';
import { FakeKubernetes } from './fake-kubernetes.ts';
import { spotInstance } from './kube-objects.ts';
import { until } from './until.ts';

/** A cluster that a scenario plays in: the fake, or a real control plane; both are spoken to over their API alone. */
export interface World {
  readonly kubeconfig: string;
  readonly fake: FakeKubernetes | undefined;
  addNode(
    name: string,
    over?: {
      instanceId?: string;
      zone?: string;
      labels?: any;
      annotations?: any;
      spec?: any;
      owners?: any;
      /** Heeded by the fake API server alone. */
      createdAtMs?: number;
    },
  ): Promise<void>;
  addPod(
    name: string,
    node: string,
    over?: { labels?: any; spec?: any; namespace?: string; owners?: any },
  ): Promise<void>;
  addBudget(name: string, matchLabels: Readonly<Record<string, string>>, minAvailable: number): Promise<void>;
  removeBudget(name: string): Promise<void>;
  node(name: string): Promise<any>;
  changeNode(name: string, patch: any): Promise<void>;
  /** As when the machine has rebooted. */
  changeNodeStatus(name: string, patch: any): Promise<void>;
  /** Names of the pods on a node that are not terminating. */
  podsOn(node: string): Promise<string[]>;
  pod(name: string): Promise<any>;
  /** A pod as it was at the first moment after now at which `is` held, also when it is gone by then. */
  podOnce(name: string, is: (pod: any) => boolean): Promise<any>;
  eventsOf(node: string): Promise<any[]>;
  leases(): Promise<any[]>;
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<any>;
  /** No answers while it is away. */
  goAway(): void;
  comeBack(): void;
  close(): Promise<void>;
}

export async function fakeWorld(): Promise<World> {
  const fake = await FakeKubernetes.started();
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'kubeconfig');
  writeFileSync(kubeconfig, fake.kubeconfig);
  return world(kubeconfig, fake, {
    goAway: () => fake.goAway(),
    comeBack: () => (fake.away = false),
    close: () => fake.close(),
  });
}

/** The fake as a pod sees it: over TLS, with a service account. */
export async function fakePodWorld(): Promise<World & { readonly inPod: AgentInPod }> {
  const directory = mkdtempSync(join(tmpdir(), 'spot-agent-'));
  const files = await devCertificateFiles(join(directory, 'tls'), new Date());
  const cert = readFileSync(files.certFile);
  const fake = await FakeKubernetes.started({ cert, key: readFileSync(files.keyFile) });
  writeFileSync(join(directory, 'ca.crt'), cert);
  writeFileSync(join(directory, 'token'), 'anything');
  const config = JSON.parse(fake.kubeconfig);
  config.clusters[0].cluster['certificate-authority'] = 'ca.crt';
  writeFileSync(join(directory, 'kubeconfig'), JSON.stringify(config));
  const { hostname, port } = new URL(fake.url);
  const made = await world(join(directory, 'kubeconfig'), fake, {
    goAway: () => fake.goAway(),
    comeBack: () => (fake.away = false),
    close: () => fake.close(),
  });
  const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  return { ...made, inPod: { flags: ['--service-account', directory], environment } };
}

/** How an agent in a pod finds its cluster. */
export interface AgentInPod {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** @returns undefined with a reason when a real control plane cannot be had here. */
export async function clusterWorld(): Promise<World> {
  const cluster = await someCluster();
  return world(cluster.kubeconfig, undefined, {
    goAway: () => cluster.pauseApiServer(),
    comeBack: () => cluster.resumeApiServer(),
    close: () => cluster.stop(),
  });
}

async function world(
  kubeconfig: string,
  fake: FakeKubernetes | undefined,
  rest: Pick<World, 'goAway' | 'comeBack' | 'close'>,
): Promise<World> {
  const client: KubeClient = kubeClient(await kubeAccess(kubeconfig, {}), {
    timeoutMs: 10_000,
    maxConnections: 4,
    userAgent: 'test',
  });
  const signal = new AbortController().signal;
  const call = async (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<any> => {
    const answer = await client.call(
      { method, path, body, ...(method === 'PATCH' && { contentType: 'application/merge-patch+json' }) },
      signal,
    );
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const listed = async (path: string): Promise<any[]> => (await call('GET', path)).items;
  return {
    kubeconfig,
    fake,
    async addNode(name, over = {}) {
      const { labels, providerID } = spotInstance(over);
      await call('POST', '/api/v1/nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name,
          ownerReferences: over.owners,
          creationTimestamp:
            over.createdAtMs === undefined ? undefined : new Date(over.createdAtMs).toISOString(),
          annotations: { 'kwok.x-k8s.io/node': 'fake', ...over.annotations },
          labels: { ...labels, ...over.labels },
        },
        spec: { providerID, ...over.spec },
        status: { nodeInfo: { bootID: 'boot-1' } },
      });
    },
    async addPod(name, node, over = {}) {
      const namespace = over.namespace ?? 'default';
      await call('POST', `/api/v1/namespaces/${namespace}/pods`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: over.labels, ownerReferences: over.owners },
        spec: {
          nodeName: node,
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'c', image: 'none' }],
          tolerations: [{ operator: 'Exists' }],
          ...over.spec,
        },
        ...(fake !== undefined && { status: { phase: 'Running' } }),
      });
      await until(
        `${name} to run`,
        async () =>
          (await call('GET', `/api/v1/namespaces/${namespace}/pods/${name}`)).status.phase === 'Running',
        20_000,
      );
    },
    async addBudget(name, matchLabels, minAvailable) {
      await call('POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name, namespace: 'default' },
        spec: { minAvailable, selector: { matchLabels } },
      });
      if (fake === undefined)
        await until(
          `${name} to be looked at`,
          async () =>
            (await call('GET', `/apis/policy/v1/namespaces/default/poddisruptionbudgets/${name}`)).status
              ?.currentHealthy >= minAvailable,
          20_000,
        );
    },
    removeBudget: (name) => call('DELETE', `/apis/policy/v1/namespaces/default/poddisruptionbudgets/${name}`),
    node: (name) => call('GET', `/api/v1/nodes/${name}`),
    changeNode: (name, patch) => call('PATCH', `/api/v1/nodes/${name}`, patch),
    changeNodeStatus: (name, patch) =>
      call('PATCH', `/api/v1/nodes/${name}${fake === undefined ? '/status' : ''}`, patch),
    async podsOn(node) {
      const pods = await listed(`/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`);
      return pods
        .filter((pod) => pod.metadata.deletionTimestamp === undefined)
        .map((pod) => pod.metadata.name as string)
        .sort();
    },
    pod: (name) => call('GET', `/api/v1/namespaces/default/pods/${name}`),
    async podOnce(name, is) {
      const { resourceVersion } = (await call('GET', '/api/v1/pods')).metadata;
      const changes = client.lines(
        `/api/v1/pods?watch=1&resourceVersion=${resourceVersion}`,
        AbortSignal.timeout(20_000),
      );
      for await (const line of changes) {
        const { object } = JSON.parse(line);
        if (object.metadata.name === name && is(object)) return object;
      }
      throw new Error(`the watch ended before ${name} was so`);
    },
    async eventsOf(node) {
      const events = await listed('/api/v1/namespaces/default/events');
      return events.filter(
        (event) => event.involvedObject.name === node && event.source?.component === 'spot-expander-agent',
      );
    },
    leases: () => listed('/apis/coordination.k8s.io/v1/leases?labelSelector=spot-expander.io%2Fdrain-slot'),
    call,
    ...rest,
    async close() {
      client.close();
      await rest.close();
    },
  };
}
