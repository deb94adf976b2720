import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingForCluster } from './binaries.ts';
import { boundProcess, killed } from './bound-process.ts';
import { clusterCertificates } from './certificates.ts';

const token = 'local-test-administrator';

/** Nodes as whose kubelet a story may speak. */
const kubelets = ['identity-home', 'identity-other'];

/** The bearer token of a node's kubelet. */
export function kubeletToken(node: string): string {
  return `local-test-kubelet-of-${node}`;
}

export interface Cluster {
  readonly kubeconfig: string;
  readonly server: string;
  readonly token: string;
  /** The authority of the API server's certificate. */
  readonly caFile: string;
  /** Logs, keys and etcd's data; gone with `stop`. */
  readonly directory: string;
  pauseApiServer(): void;
  resumeApiServer(): void;
  /** As a machine that loses its power: nothing is said to anybody. */
  killApiServer(): Promise<void>;
  /** On the same etcd, the same address and the same keys; returns when it is ready. */
  restartApiServer(): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterPlace {
  /** Where the API server listens. */
  readonly address: string;
  /** Of Services; the first address is the API server's own Service. */
  readonly serviceRange: string;
  /** More addresses by which the API server is called. */
  readonly alsoAt: readonly string[];
}

const onLoopback: ClusterPlace = { address: '127.0.0.1', serviceRange: '10.96.0.0/16', alsoAt: [] };

/** @throws when something is missing or does not come up within a minute. */
export async function startedCluster(place: ClusterPlace = onLoopback): Promise<Cluster> {
  const missing = await missingForCluster();
  if (missing.length > 0) throw new Error(`no control plane here; missing are\n- ${missing.join('\n- ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'spot-cluster-'));
  const file = (name: string) => join(directory, name);
  const [etcdPort, peerPort, apiPort] = [
    await freePort('127.0.0.1'),
    await freePort('127.0.0.1'),
    await freePort(place.address),
  ];
  const server = `https://${place.address}:${apiPort}`;
  const certificates = await clusterCertificates(directory, [
    ...new Set(['127.0.0.1', place.address, ...place.alsoAt]),
  ]);
  const ca = readFileSync(certificates.caFile);
  const kubeconfig = file('kubeconfig');
  const users = [
    `${token},admin,1,system:masters`,
    ...kubelets.map((node) => `${kubeletToken(node)},system:node:${node},${node},system:nodes`),
  ];
  await writeFile(file('tokens.csv'), `${users.join('\n')}\n`, { mode: 0o600 });
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(server, ca)), { mode: 0o600 });
  const processes: ChildProcess[] = [];
  const start = async (name: string, ...args: string[]): Promise<ChildProcess> => {
    const log = file(`${args[0]?.startsWith('kube-') === true ? args[0] : name}.log`);
    const child = await boundProcess(name, args, log);
    processes.push(child);
    return child;
  };
  const [etcdUrl, peerUrl] = [`http://127.0.0.1:${etcdPort}`, `http://127.0.0.1:${peerPort}`];
  await start(
    'etcd',
    ...['--data-dir', file('etcd'), '--unsafe-no-fsync', '--initial-cluster', `default=${peerUrl}`],
    ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
  );
  const startApiServer = async (): Promise<ChildProcess> => {
    const child = await start(
      'controlplane',
      'kube-apiserver',
      ...['--etcd-servers', etcdUrl, '--secure-port', String(apiPort), '--bind-address', place.address],
      ...['--tls-cert-file', certificates.certFile, '--tls-private-key-file', certificates.keyFile],
      ...['--service-account-key-file', certificates.accountKeyFile],
      ...['--service-account-signing-key-file', certificates.accountKeyFile],
      ...['--service-account-issuer', 'https://kubernetes.default.svc'],
      ...['--token-auth-file', file('tokens.csv'), '--authorization-mode', 'Node,RBAC'],
      ...['--enable-admission-plugins', 'NodeRestriction'],
      ...['--service-cluster-ip-range', place.serviceRange, '--endpoint-reconciler-type', 'none'],
      ...['--cert-dir', file('certs'), '--allow-privileged'],
    );
    await ready(server, ca, child, directory);
    return child;
  };
  let apiServer = await startApiServer();
  await start(
    'controlplane',
    'kube-controller-manager',
    ...['--kubeconfig', kubeconfig, '--service-account-private-key-file', certificates.accountKeyFile],
    ...['--root-ca-file', certificates.caFile, '--use-service-account-credentials'],
    ...['--leader-elect=false', '--secure-port', '0'],
    // On a busy machine kwok's heartbeats come late, and every pod of the node would be called unready.
    ...['--node-monitor-grace-period', '10m'],
  );
  await start(
    'controlplane',
    'kube-scheduler',
    ...['--kubeconfig', kubeconfig, '--leader-elect=false', '--secure-port', '0'],
  );
  const stages = join(import.meta.dirname, 'kwok-pods.yaml');
  await start('kwok', '--kubeconfig', kubeconfig, '--manage-all-nodes=true', '--config', stages);
  await defaultServiceAccount(server, ca);
  return {
    kubeconfig,
    server,
    token,
    caFile: certificates.caFile,
    directory,
    pauseApiServer: () => void apiServer.kill('SIGSTOP'),
    resumeApiServer: () => void apiServer.kill('SIGCONT'),
    killApiServer: () => killed(apiServer),
    restartApiServer: async () => void (apiServer = await startApiServer()),
    async stop() {
      for (const child of processes.toReversed()) await killed(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function kubeconfigOf(server: string, ca: Buffer): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
  };
}

function statusOf(server: string, path: string, ca: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(
      `${server}${path}`,
      { ca, headers: { authorization: `Bearer ${token}` }, timeout: 2_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sent.on('error', () => resolve(0));
    sent.on('timeout', () => sent.destroy());
    sent.end();
  });
}

async function ready(server: string, ca: Buffer, child: ChildProcess, directory: string): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (Date.now() < endMs && child.exitCode === null) {
    if ((await statusOf(server, '/readyz', ca)) === 200) return;
    await sleep(200);
  }
  throw new Error(`the API server did not come up; its log is in ${directory}`);
}

/** A pod needs it, and the controller manager makes it a moment after its start. */
async function defaultServiceAccount(server: string, ca: Buffer): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (Date.now() < endMs) {
    if ((await statusOf(server, '/api/v1/namespaces/default/serviceaccounts/default', ca)) === 200) return;
    await sleep(100);
  }
  throw new Error('the controller manager made no default service account');
}
