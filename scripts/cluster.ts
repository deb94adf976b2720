/**
 * A real Kubernetes control plane on loopback, for tests and for trying things by hand:
 * etcd, API server, controller manager, scheduler, and kwok in place of kubelets.
 *
 *   node scripts/cluster.ts build    builds what is missing into .cache/bin (about 9 minutes the first time)
 *   node scripts/cluster.ts up       starts it, prints the kubeconfig's path, and stops it on Ctrl-C
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { access, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { openSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const cache = join(root, '.cache', 'bin');
const run = promisify(execFile);
const version = 'v1.34.2';
const token = 'local-test-administrator';

export interface Cluster {
  readonly kubeconfig: string;
  readonly server: string;
  readonly token: string;
  pauseApiServer(): void;
  resumeApiServer(): void;
  stop(): Promise<void>;
}

async function found(name: string): Promise<string | undefined> {
  for (const directory of [cache, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(directory, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** What is missing for a cluster, each with how to get it; empty when all is there. */
export async function missingForCluster(): Promise<readonly string[]> {
  const ways = {
    etcd: 'apt-get install etcd-server',
    openssl: 'apt-get install openssl',
    controlplane: 'node scripts/cluster.ts build (needs Go)',
    kwok: 'node scripts/cluster.ts build (needs Go)',
  };
  const missing: string[] = [];
  for (const [name, way] of Object.entries(ways))
    if ((await found(name)) === undefined) missing.push(`${name}: ${way}`);
  return missing;
}

async function built(): Promise<void> {
  await mkdir(cache, { recursive: true });
  const environment = { ...process.env, GOBIN: cache };
  const go = async (directory: string, ...args: string[]) => {
    console.log(`go ${args.join(' ')}`);
    await run('go', args, { cwd: directory, env: environment, maxBuffer: 64 * 1024 * 1024 });
  };
  if ((await found('controlplane')) === undefined) {
    const at = 'k8s.io/component-base/version';
    const [major = '1', minor = '34'] = version.slice(1).split('.');
    const flags = `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
    await go(
      join(root, 'test/cluster/controlplane'),
      'build',
      '-buildvcs=false',
      '-trimpath',
      '-ldflags',
      flags,
      '-o',
      join(cache, 'controlplane'),
      '.',
    );
  }
  if ((await found('kwok')) === undefined) await go(root, 'install', 'sigs.k8s.io/kwok/cmd/kwok@v0.6.1');
  if ((await found('ec2-metadata-mock')) === undefined)
    await go(root, 'install', 'github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock@v1.13.0');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** @throws when something is missing or does not come up within a minute. */
export async function startedCluster(): Promise<Cluster> {
  const missing = await missingForCluster();
  if (missing.length > 0) throw new Error(`no control plane here; missing are\n- ${missing.join('\n- ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'spot-cluster-'));
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const server = `https://127.0.0.1:${apiPort}`;
  const kubeconfig = join(directory, 'kubeconfig');
  const key = join(directory, 'service-account.key');
  const tokens = join(directory, 'tokens.csv');
  await run((await found('openssl')) ?? 'openssl', ['genrsa', '-out', key, '2048']);
  await writeFile(tokens, `${token},admin,1,system:masters\n`, { mode: 0o600 });
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(server)), { mode: 0o600 });
  const processes: ChildProcess[] = [];
  const start = async (name: string, ...args: string[]): Promise<ChildProcess> => {
    const log = openSync(
      join(directory, `${args[0]?.startsWith('kube-') === true ? args[0] : name}.log`),
      'a',
    );
    const child = spawn((await found(name)) ?? name, args, { stdio: ['ignore', log, log] });
    processes.push(child);
    return child;
  };
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  await start(
    'etcd',
    '--data-dir',
    join(directory, 'etcd'),
    '--listen-client-urls',
    etcdUrl,
    '--advertise-client-urls',
    etcdUrl,
    '--listen-peer-urls',
    peerUrl,
    '--initial-advertise-peer-urls',
    peerUrl,
    '--initial-cluster',
    `default=${peerUrl}`,
    '--unsafe-no-fsync',
  );
  const apiServer = await start(
    'controlplane',
    'kube-apiserver',
    '--etcd-servers',
    etcdUrl,
    '--secure-port',
    String(apiPort),
    '--bind-address',
    '127.0.0.1',
    '--cert-dir',
    join(directory, 'certs'),
    '--service-account-key-file',
    key,
    '--service-account-signing-key-file',
    key,
    '--service-account-issuer',
    'https://kubernetes.default.svc',
    '--token-auth-file',
    tokens,
    '--authorization-mode',
    'Node,RBAC',
    '--service-cluster-ip-range',
    '10.96.0.0/16',
    '--endpoint-reconciler-type',
    'none',
    '--allow-privileged',
  );
  await ready(server, apiServer, directory);
  await start(
    'controlplane',
    'kube-controller-manager',
    '--kubeconfig',
    kubeconfig,
    '--service-account-private-key-file',
    key,
    '--use-service-account-credentials',
    '--leader-elect=false',
    '--secure-port',
    '0',
  );
  await start(
    'controlplane',
    'kube-scheduler',
    '--kubeconfig',
    kubeconfig,
    '--leader-elect=false',
    '--secure-port',
    '0',
  );
  await start('kwok', '--kubeconfig', kubeconfig, '--manage-all-nodes=true');
  await defaultServiceAccount(server);
  return {
    kubeconfig,
    server,
    token,
    pauseApiServer: () => void apiServer.kill('SIGSTOP'),
    resumeApiServer: () => void apiServer.kill('SIGCONT'),
    async stop() {
      apiServer.kill('SIGCONT');
      const ends = processes
        .filter((child) => child.exitCode === null)
        .map((child) => new Promise((resolve) => child.once('exit', resolve)));
      for (const child of processes.toReversed()) child.kill('SIGKILL');
      await Promise.all(ends);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function kubeconfigOf(server: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    // The API server signs its own certificate at each start, for loopback only.
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
  };
}

function statusOf(server: string, path: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(
      `${server}${path}`,
      { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` }, timeout: 2_000 },
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

async function ready(server: string, child: ChildProcess, directory: string): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (Date.now() < endMs && child.exitCode === null) {
    if ((await statusOf(server, '/readyz')) === 200) return;
    await sleep(200);
  }
  throw new Error(`the API server did not come up; its log is in ${directory}`);
}

/** A pod needs it, and the controller manager makes it a moment after its start. */
async function defaultServiceAccount(server: string): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (Date.now() < endMs) {
    if ((await statusOf(server, '/api/v1/namespaces/default/serviceaccounts/default')) === 200) return;
    await sleep(100);
  }
  throw new Error('the controller manager made no default service account');
}

async function main(): Promise<void> {
  const [command] = process.argv.slice(2);
  if (command === 'build') return built();
  if (command !== 'up') throw new Error('usage: node scripts/cluster.ts build|up');
  const cluster = await startedCluster();
  console.log(`KUBECONFIG=${cluster.kubeconfig}\n${cluster.server} is up; Ctrl-C stops it`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await cluster.stop();
}

if (import.meta.main) await main();
