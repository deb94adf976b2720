import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { devCertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import { clusterApis } from '../../../src/adapters/kubernetes/cluster-apis.ts';
import { clusterConfig } from '../../../src/adapters/kubernetes/kube-config.ts';
import { nodePages } from '../../../src/adapters/kubernetes/node-pages.ts';
import { kubeAccess } from '../../../src/adapters/kubernetes/kube-access.ts';
import type { KubeAccess } from '../../../src/adapters/kubernetes/kube-credentials.ts';
import { kubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { nodeCluster } from '../../../src/adapters/kubernetes/kube-node-cluster.ts';
import { ClusterUnavailable } from '../../../src/errors/cluster-unavailable.ts';
import { UsageError } from '../../../src/errors/usage-error.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';

const signal = new AbortController().signal;

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('access to the cluster', () => {
  let directory: string;
  let fake: FakeKubernetes;
  const clients: { close(): void }[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kube-access-'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function clusterOf(access: KubeAccess) {
    const client = kubeClient(access, { timeoutMs: 2_000, maxConnections: 1, userAgent: 'test' });
    clients.push(client);
    return nodeCluster(client, 'mine');
  }

  describe('in a pod', () => {
    const token = () => join(directory, 'token');
    let environment: Readonly<Record<string, string>>;

    beforeEach(async () => {
      const files = await devCertificateFiles(join(directory, 'tls'), new Date());
      const cert = readFileSync(files.certFile);
      fake = await FakeKubernetes.started({ cert, key: readFileSync(files.keyFile) });
      fake.addNode('mine');
      fake.token = 'first';
      writeFileSync(join(directory, 'ca.crt'), cert);
      writeFileSync(join(directory, 'namespace'), 'watchers\n');
      writeFileSync(token(), 'first\n');
      const { hostname, port } = new URL(fake.url);
      environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    });

    it('is the service account: its authority, its namespace and its token', async () => {
      const access = await kubeAccess(undefined, environment, directory);
      expect(access.server).to.equal(fake.url);
      expect(access.namespace).to.equal('watchers');
      expect(await clusterOf(access).node(signal)).to.include({ name: 'mine' });
      expect(fake.requests.map(({ status }) => status)).to.deep.equal([200]);
    });

    it('goes on with the token that has taken the place of the first, without one refusal', async () => {
      const cluster = clusterOf(await kubeAccess(undefined, environment, directory));
      await cluster.node(signal);
      fake.token = 'second';
      writeFileSync(token(), 'second');
      utimesSync(token(), new Date(), new Date(Date.now() + 5_000));
      expect(await cluster.node(signal)).to.include({ name: 'mine' });
      expect(fake.requests.map(({ status }) => status)).to.deep.equal([200, 200]);
    });

    it('reads the token once more after a 401, also when its file looks as it did', async () => {
      const cluster = clusterOf(await kubeAccess(undefined, environment, directory));
      const at = new Date(Date.now() - 60_000);
      utimesSync(token(), at, at);
      await cluster.node(signal);
      fake.token = 'second';
      writeFileSync(token(), 'second');
      utimesSync(token(), at, at);
      expect(await cluster.node(signal)).to.include({ name: 'mine' });
      expect(fake.requests.map(({ status }) => status)).to.deep.equal([200, 401, 200]);
    });

    it('trusts the authority of the service account and no other', async () => {
      const other = await devCertificateFiles(join(directory, 'other'), new Date());
      writeFileSync(join(directory, 'ca.crt'), readFileSync(other.certFile));
      const cluster = clusterOf(await kubeAccess(undefined, environment, directory));
      expect(await caught(cluster.node(signal))).to.be.instanceOf(ClusterUnavailable);
      expect(fake.requests).to.have.length(0);
    });

    it('the server’s client is the same account, keeps its connection, and reads a replaced token', async () => {
      const config = await clusterConfig(undefined, environment, directory);
      expect(config.namespace).to.equal('watchers');
      const apis = clusterApis(config, { timeoutMs: 2_000, userAgent: 'test' });
      clients.push(apis);
      const names = async () => {
        const page = await nodePages(apis, signal).next();
        return page.done === true ? [] : page.value.map(({ name }) => name);
      };
      expect(await names()).to.deep.equal(['mine']);
      const at = new Date(Date.now() - 60_000);
      utimesSync(token(), at, at);
      expect(await names()).to.deep.equal(['mine']);
      fake.token = 'second';
      writeFileSync(token(), 'second');
      utimesSync(token(), at, at);
      expect(await names()).to.deep.equal(['mine']);
      expect(fake.requests.map(({ status }) => status)).to.deep.equal([200, 200, 401, 200]);
      expect(fake.connections).to.equal(1);
    });

    it('the server’s client trusts no other authority, and reads a replaced one', async () => {
      const right = readFileSync(join(directory, 'ca.crt'));
      const other = await devCertificateFiles(join(directory, 'other'), new Date());
      writeFileSync(join(directory, 'ca.crt'), readFileSync(other.certFile));
      const apis = clusterApis(await clusterConfig(undefined, environment, directory), {
        timeoutMs: 2_000,
        userAgent: 'test',
      });
      clients.push(apis);
      expect(await caught(nodePages(apis, signal).next()))
        .to.be.instanceOf(ClusterUnavailable)
        .with.property('message')
        .that.matches(/GET \/api\/v1\/nodes.*certificate/);
      expect(fake.requests).to.have.length(0);
      writeFileSync(join(directory, 'ca.crt'), right);
      expect((await nodePages(apis, signal).next()).value).to.have.length(1);
    });

    it('an IPv6 service address is written in brackets', async () => {
      const access = await kubeAccess(
        undefined,
        { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
        directory,
      );
      expect(access.server).to.equal('https://[fd00::1]:443');
    });

    it('without a service account, or outside of a cluster, it says what is missing', async () => {
      const nowhere = await caught(kubeAccess(undefined, environment, join(directory, 'none')));
      expect(nowhere).to.be.instanceOf(UsageError).with.property('message').that.includes('ca.crt');
      const outside = await caught(kubeAccess(undefined, {}, directory));
      expect(outside).to.be.instanceOf(UsageError).with.property('message').that.includes('--kubeconfig');
    });
  });

  describe('by kubeconfig', () => {
    beforeEach(async () => {
      fake = await FakeKubernetes.started();
      fake.addNode('mine');
    });

    const written = (name: string, config: unknown): string => {
      const path = join(directory, name);
      writeFileSync(path, JSON.stringify(config));
      return path;
    };

    function withExec(script: string): string {
      const command = join(directory, 'get-token');
      writeFileSync(command, `#!/bin/sh\necho x >> ${join(directory, 'calls')}\n${script}\n`);
      chmodSync(command, 0o700);
      return written('config', {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server: fake.url } }],
        users: [
          {
            name: 'u',
            user: {
              exec: {
                apiVersion: 'client.authentication.k8s.io/v1beta1',
                command,
                args: ['one'],
                env: [{ name: 'EXTRA', value: 'two' }],
              },
            },
          },
        ],
      });
    }

    const calls = () => readFileSync(join(directory, 'calls'), 'utf8').length / 2;
    const credential = (expires: string) =>
      `printf '{"status":{"token":"%s-%s-%s"%s}}' "$1" "$EXTRA" "$INHERITED" '${expires}'`;
    const environment = { PATH: process.env['PATH'], INHERITED: 'three' };

    it('a credential command gives the token, is told its version, and is asked once while the token holds', async () => {
      fake.token = 'one-two-three';
      const path = withExec(
        `echo "$KUBERNETES_EXEC_INFO" > ${join(directory, 'info')}\n${credential(',"expirationTimestamp":"2100-01-01T00:00:00Z"')}`,
      );
      const cluster = clusterOf(await kubeAccess(path, environment));
      await cluster.node(signal);
      expect(await cluster.node(signal)).to.include({ name: 'mine' });
      expect(calls()).to.equal(1);
      expect(JSON.parse(readFileSync(join(directory, 'info'), 'utf8'))).to.include({
        apiVersion: 'client.authentication.k8s.io/v1beta1',
        kind: 'ExecCredential',
      });
    });

    it('a credential that is about to expire, or was refused, is asked for again', async () => {
      fake.token = 'one-two-three';
      const expiring = new Date(Date.now() + 30_000).toISOString();
      const path = withExec(credential(`,"expirationTimestamp":"${expiring}"`));
      const cluster = clusterOf(await kubeAccess(path, environment));
      await cluster.node(signal);
      await cluster.node(signal);
      expect(calls()).to.equal(2);
      fake.token = 'another';
      expect(await caught(cluster.node(signal))).to.be.instanceOf(ClusterUnavailable);
      expect(calls()).to.equal(4);
    });

    it('a credential command that fails is named, and is a cluster that is not to be had', async () => {
      const cluster = clusterOf(await kubeAccess(withExec('exit 3'), environment));
      const error = await caught(cluster.node(signal));
      expect(error).to.be.instanceOf(ClusterUnavailable).with.property('message').that.includes('get-token');
    });

    it('several files are read as one: the first word counts, paths belong to their file, missing files are passed over', async () => {
      fake.token = 'from-second';
      mkdirSync(join(directory, 'more'));
      writeFileSync(join(directory, 'more', 'token'), 'from-second');
      const first = written('first', {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'first' } }],
      });
      const second = written(join('more', 'second'), {
        'current-context': 'other',
        contexts: [{ name: 'c', context: { cluster: 'none', user: 'none' } }],
        clusters: [{ name: 'c', cluster: { server: fake.url } }],
        users: [{ name: 'u', user: { tokenFile: 'token' } }],
      });
      const paths = ['', join(directory, 'missing'), first, second].join(delimiter);
      const access = await kubeAccess(paths, {});
      expect(access.namespace).to.equal('first');
      expect(await clusterOf(access).node(signal)).to.include({ name: 'mine' });
    });

    it('a list of which no file exists, a file that is no YAML and a missing authority are refused in words', async () => {
      const missing = ['a', 'b'].map((name) => join(directory, name)).join(delimiter);
      const broken = written('broken', {});
      writeFileSync(broken, '{');
      const authority = written('authority', {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c' } }],
        clusters: [{ name: 'c', cluster: { server: fake.url, 'certificate-authority': 'gone.crt' } }],
      });
      for (const [path, words] of [
        [missing, 'none of these files exists'],
        [broken, 'is not YAML'],
        [authority, 'gone.crt'],
      ] as const)
        expect(await caught(kubeAccess(path, {})))
          .to.be.instanceOf(UsageError)
          .with.property('message')
          .that.includes(words);
    });
  });
});
