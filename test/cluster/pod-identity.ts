import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeletToken } from '../../scripts/cluster/control-plane.ts';
import { KubeApi } from './kube-api.ts';
import type { PlayedCluster } from './played-cluster.ts';
import type { PlayedPod } from './player/played-pod.ts';

interface Claims {
  readonly sub: string;
  readonly 'kubernetes.io': {
    readonly node?: { readonly name: string; readonly uid: string };
    readonly pod?: { readonly name: string };
  };
}

export interface PodIdentity {
  readonly api: KubeApi;
  readonly claims: Claims;
  readonly nodeUid: string;
}

/** The API server as a played pod sees it: by the very token that is mounted into it. */
export async function asPod(
  { api, cluster }: PlayedCluster,
  played: PlayedPod | undefined,
): Promise<PodIdentity> {
  const token = played === undefined ? await freeToken(api) : mountedToken(played);
  const path = kubeconfigWith(cluster, token);
  const node = played?.pod.spec.nodeName;
  const nodeUid =
    node === undefined
      ? ''
      : (await api.get<{ metadata: { uid: string } }>(`/api/v1/nodes/${node}`)).metadata.uid;
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return { api: await KubeApi.of(path), claims: JSON.parse(payload) as Claims, nodeUid };
}

/** The API server as the kubelet of a node sees it. */
export function asKubelet(
  { cluster }: PlayedCluster,
  node: Parameters<typeof kubeletToken>[0],
): Promise<KubeApi> {
  return KubeApi.of(kubeconfigWith(cluster, kubeletToken(node)));
}

export function kubeconfigWith(
  cluster: PlayedCluster['cluster'],
  token: string,
  namespace = 'default',
): string {
  const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as {
    users: { name: string; user: { token: string } }[];
    contexts: { context: { namespace?: string } }[];
  };
  for (const { context } of config.contexts) context.namespace = namespace;
  config.users = [{ name: 'admin', user: { token } }];
  const path = join(mkdtempSync(join(tmpdir(), 'spot-identity-')), 'kubeconfig');
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function mountedToken(played: PlayedPod): string {
  const directory = played.mountedAt('/var/run/secrets/kubernetes.io/serviceaccount');
  if (directory === undefined) throw new Error('no token is mounted into this pod');
  return readFileSync(join(directory, 'token'), 'utf8');
}

async function freeToken(api: KubeApi): Promise<string> {
  const made = await api.create<{ status: { token: string } }>(
    '/api/v1/namespaces/kube-system/serviceaccounts/spot-expander-agent/token',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  );
  return made.status.token;
}
