import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingForCluster } from '../../scripts/cluster/binaries.ts';
import { startedCluster } from '../../scripts/cluster/control-plane.ts';
import { helmTools } from '../../scripts/helm-tools.ts';
import { realCrds } from '../../scripts/real-crds.ts';
import { helms, type Helm } from './rendered.ts';

export interface Said {
  readonly code: number;
  /** Standard output and standard error. */
  readonly text: string;
}

export interface PodIdentity {
  readonly kubectl: (args: readonly string[], input?: string) => Promise<Said>;
  /** One request as it is, without the reads that kubectl makes before a write; code 0 for a success. */
  readonly patched: (path: string, patch: object, type?: 'merge' | 'strategic-merge') => Promise<Said>;
}

/** A control plane that knows the kinds of cert-manager, the Prometheus operator and Karpenter; none of them runs on it. */
export interface ChartCluster {
  readonly kubectl: (args: readonly string[], input?: string) => Promise<Said>;
  readonly helm: (which: Helm, args: readonly string[], input?: string) => Promise<Said>;
  /** As a pod of that account on that node, with a token such as the kubelet gives it. */
  readonly asPod: (namespace: string, account: string, node: string) => Promise<PodIdentity>;
  readonly stop: () => Promise<void>;
}

/** A started one, or a sentence about what is missing. */
export async function chartCluster(): Promise<ChartCluster | string> {
  const missing = await missingForCluster();
  if (missing.length > 0) return missing.join('; ');
  const tools = helmTools();
  if (typeof tools === 'string') return tools;
  const crds = realCrds();
  if (typeof crds === 'string') return crds;
  const cluster = await startedCluster();
  const home = mkdtempSync(join(tmpdir(), 'chart-cluster-'));
  const run = (program: string, args: readonly string[], input = '', kubeconfig = cluster.kubeconfig) =>
    said(program, args, input, { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: kubeconfig });
  const kubectl: ChartCluster['kubectl'] = (args, input) => run(tools.kubectl, args, input);
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: crds });
  await expectDone(kubectl(['apply', '--server-side', '-f', '-'], list));
  await expectDone(kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']));
  return {
    kubectl,
    helm: (which, args, input) => run(helms[which], args, input),
    asPod: async (namespace, account, node) => {
      const token = await podToken(kubectl, namespace, account, node);
      return {
        kubectl: (args, input) =>
          run(
            tools.kubectl,
            ['--server', cluster.server, '--insecure-skip-tls-verify', '--token', token, ...args],
            input,
            '/dev/null',
          ),
        patched: (path, patch, type = 'merge') => patchedBy(`${cluster.server}${path}`, token, patch, type),
      };
    },
    stop: () => cluster.stop(),
  };
}

function patchedBy(url: string, token: string, patch: object, type: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': `application/${type}-patch+json` };
    const asked = request(url, { method: 'PATCH', headers, rejectUnauthorized: false, timeout: 20_000 });
    asked.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => resolve({ code: response.statusCode === 200 ? 0 : 1, text }));
    });
    asked.on('timeout', () => asked.destroy(new Error('the API server did not answer')));
    asked.on('error', reject);
    asked.end(JSON.stringify(patch));
  });
}

async function podToken(
  kubectl: ChartCluster['kubectl'],
  namespace: string,
  account: string,
  node: string,
): Promise<string> {
  const name = `${account}-on-${node}`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName: node,
      serviceAccountName: account,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'c', image: 'none' }],
    },
  };
  await expectDone(kubectl(['create', '-f', '-'], JSON.stringify(pod)));
  const answer = await expectDone(
    kubectl([
      'create',
      'token',
      account,
      '-n',
      namespace,
      '--bound-object-kind=Pod',
      `--bound-object-name=${name}`,
    ]),
  );
  return answer.trim();
}

/** @throws with what the command said when it failed. */
export async function expectDone(running: Promise<Said>): Promise<string> {
  const { code, text } = await running;
  if (code !== 0) throw new Error(text);
  return text;
}

/** Tries until it holds; a policy that was just made takes the API server some seconds. */
export async function soon(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`${what} did not come about within 30 s`);
    await sleep(200);
  }
}

function said(
  program: string,
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: 'pipe', timeout: 120_000 });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, text }));
    child.stdin.end(input);
  });
}
