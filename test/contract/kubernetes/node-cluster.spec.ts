/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, readFileSync, writeFileSync, utimesSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { drainSlots } from '../../../src/adapters/kubernetes/drain-slots.ts';
import { kubeAccess } from '../../../src/adapters/kubernetes/kube-access.ts';
import type { KubeAccess } from '../../../src/adapters/kubernetes/kube-credentials.ts';
import { kubeClient, type KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { nodeCluster } from '../../../src/adapters/kubernetes/kube-node-cluster.ts';
import { ClusterUnavailable } from '../../../src/errors/cluster-unavailable.ts';
import type { PodView } from '../../../src/drain/observed.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { clientOf } from './node-watch.spec.ts';

const signal = new AbortController().signal;

interface Exchange {
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly message?: string; readonly reason?: string };
}

const recorded = new Map(
  (
    JSON.parse(
      readFileSync(join(import.meta.dirname, '../../fixtures/kube-apiserver-transcripts.json'), 'utf8'),
    ) as Exchange[]
  ).map((one) => [one.name, one]),
);

/** An API server that gives one recorded answer to everything. */
async function replaying(name: string) {
  const exchange = recorded.get(name)!;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(exchange.status, exchange.headers);
    response.end(JSON.stringify(exchange.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = clientOf({ url: `http://127.0.0.1:${port}` });
  return { cluster: nodeCluster(client, 'i1'), close: () => (client.close(), server.close()) };
}

const pod: PodView = {
  namespace: 'default',
  name: 'a',
  uid: 'u',
  nodeName: 'i1',
  phase: 'Running',
  priority: 0,
  graceMs: 1_000,
  deletionEndsAtMs: undefined,
  controllerKind: undefined,
  isMirror: false,
  hasEmptyDir: false,
  labels: {},
};

describe('eviction answers, as a real API server gave them', () => {
  const expected = [
    ['evict-ok', 'evicted', undefined],
    ['evict-again-terminating', 'evicted', undefined],
    ['evict-missing-pod', 'gone', undefined],
    ['evict-uid-mismatch', 'gone', undefined],
    ['evict-pdb-unobserved', 'blocked', 10_000],
    ['evict-pdb-blocked', 'blocked', undefined],
    ['evict-two-pdbs', 'misconfigured', undefined],
    ['evict-name-mismatch', 'failed', undefined],
    ['unauthorized', 'refused', undefined],
  ] as const;
  for (const [name, result, retryAfterMs] of expected)
    it(`${name} is ${result}`, async () => {
      const { cluster, close } = await replaying(name);
      const answer = await cluster.evict(pod, undefined, signal);
      close();
      expect(answer).to.deep.include({ result, retryAfterMs });
      if (result !== 'evicted') expect(answer.message).to.equal(recorded.get(name)!.body.message);
    });

  it('a conflict on a Node write is a conflict, not an error', async () => {
    const { cluster, close } = await replaying('patch-rv-conflict');
    const change = {
      resourceVersion: '1',
      annotations: {},
      labels: {},
      taints: undefined,
      unschedulable: true,
    };
    expect(await cluster.changeNode(change, signal)).to.equal('conflict');
    close();
  });

  it('reads a recorded terminating pod', async () => {
    const { podView } = await import('../../../src/adapters/kubernetes/kube-objects.ts');
    expect(podView(recorded.get('pod-terminating')!.body)).to.deep.include({
      name: 'a',
      nodeName: 'i1',
      phase: 'Running',
      graceMs: 30_000,
      deletionEndsAtMs: Date.parse('2026-11-23T17:19:16Z'),
    });
  });
});

describe('the fake API server answers as the real one did', () => {
  let fake: FakeKubernetes;
  let client: KubeClient;
  beforeEach(async () => {
    fake = await FakeKubernetes.started();
    client = clientOf(fake);
    fake.addNode('i1');
    for (const name of ['a', 'b', 'c', 'd']) fake.addPod(name, 'i1', { metadata: { labels: { app: name } } });
  });
  afterEach(async () => {
    client.close();
    await fake.close();
  });

  const evict = (name: string, over = {}) => ({
    method: 'POST' as const,
    path: `/api/v1/namespaces/default/pods/${name}/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' }, ...over },
  });
  const budget = (name: string, app: string, observed = true) =>
    fake.budgets.push({ name, namespace: 'default', matchLabels: { app }, minAvailable: 1, observed });

  const lease = (renewTime: string) => ({
    metadata: { name: 'l' },
    spec: { holderIdentity: 'x', renewTime },
  });
  const cases: readonly (readonly [string, () => Parameters<KubeClient['call']>[0]])[] = [
    ['evict-ok', () => evict('a')],
    ['evict-missing-pod', () => evict('nope')],
    ['evict-uid-mismatch', () => evict('b', { deleteOptions: { preconditions: { uid: 'x' } } })],
    ['evict-name-mismatch', () => evict('b', { metadata: { name: 'zzz' } })],
    ['evict-pdb-unobserved', () => (budget('p1', 'c', false), evict('c'))],
    ['evict-pdb-blocked', () => (budget('p1', 'c'), evict('c'))],
    ['evict-two-pdbs', () => (budget('p1', 'd'), budget('p2', 'd'), evict('d'))],
    [
      'lease-millis-rejected',
      () => ({
        method: 'POST',
        path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
        body: lease('2026-11-23T17:11:57.123Z'),
      }),
    ],
    [
      'lease-create',
      () => ({
        method: 'POST',
        path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
        body: lease('2026-11-23T17:11:57.123000Z'),
      }),
    ],
    ['patch-415', () => ({ method: 'PATCH', path: '/api/v1/nodes/i1', body: {} })],
    [
      'patch-rv-conflict',
      () => ({
        method: 'PATCH',
        path: '/api/v1/nodes/i1',
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion: '1' } },
      }),
    ],
  ];
  for (const [name, call] of cases)
    it(name, async () => {
      const answer = await client.call(call(), signal);
      const real = recorded.get(name)!;
      expect(answer.status).to.equal(real.status);
      expect(answer.retryAfterMs).to.equal(
        real.headers['retry-after'] === undefined ? undefined : Number(real.headers['retry-after']) * 1_000,
      );
      const words = (text: string | undefined) => text?.replaceAll(/\([^)]*\)|"[^"]*"|\.\d+Z?/g, '');
      if (real.status >= 400)
        expect(words((answer.body as Exchange['body']).message)).to.equal(words(real.body.message));
    });
});

describe('node cluster', () => {
  let fake: FakeKubernetes;
  let client: KubeClient;
  beforeEach(async () => {
    fake = await FakeKubernetes.started();
    client = clientOf(fake);
    fake.addNode('mine', {
      spec: { taints: [{ key: 'other', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' }] },
    });
  });
  afterEach(async () => {
    client.close();
    await fake.close();
  });

  it('writes only what the change names and keeps other taints', async () => {
    const cluster = nodeCluster(client, 'mine');
    const node = await cluster.node(signal);
    if (node === 'gone') throw new Error('no node');
    const taints = [...node.taints, { key: 'ours', effect: 'NoSchedule' }];
    const after = await cluster.changeNode(
      {
        resourceVersion: node.resourceVersion,
        annotations: { a: '1' },
        labels: { l: 'x' },
        taints,
        unschedulable: true,
      },
      signal,
    );
    expect(after).to.deep.include({ taints, unschedulable: true });
    if (after === 'gone' || after === 'conflict') throw new Error(after);
    const back = await cluster.changeNode(
      {
        resourceVersion: after.resourceVersion,
        annotations: { a: null },
        labels: { l: null },
        taints: [],
        unschedulable: false,
      },
      signal,
    );
    expect(back).to.deep.include({ taints: [], unschedulable: false, annotations: {}, labels: node.labels });
  });

  it('the same Event is told once', async () => {
    const cluster = nodeCluster(client, 'mine');
    const node = await cluster.node(signal);
    if (node === 'gone') throw new Error('no node');
    const event = { id: 'x/1', reason: 'R', message: 'm', type: 'Normal', atMs: 0 } as const;
    expect(await cluster.tell(event, node, signal)).to.equal('told');
    expect(await cluster.tell(event, node, signal)).to.equal('known');
  });

  it('an API server that is away is ClusterUnavailable; an eviction then is a failure, not an exception', async () => {
    fake.goAway();
    const cluster = nodeCluster(client, 'mine');
    const error = await cluster.node(signal).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(ClusterUnavailable);
    expect((await cluster.evict(pod, undefined, signal)).result).to.equal('failed');
  });

  it('reads a token again when its file has changed, and after a 401', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sa-'));
    const seen: (string | undefined)[] = [];
    let refuse = 0;
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(refuse-- > 0 ? 401 : 404);
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    writeFileSync(join(directory, 'token'), 'first\n');
    writeFileSync(
      join(directory, 'config'),
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [
          { name: 'c', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } },
        ],
        users: [{ name: 'u', user: { tokenFile: 'token' } }],
      }),
    );
    const own = kubeClient(await kubeAccess(join(directory, 'config'), {}), {
      timeoutMs: 1_000,
      maxConnections: 1,
      userAgent: 't',
    });
    const cluster = nodeCluster(own, 'mine');
    expect(await cluster.node(signal)).to.equal('gone');
    writeFileSync(join(directory, 'token'), 'second\n');
    utimesSync(join(directory, 'token'), new Date(), new Date(Date.now() + 5_000));
    await cluster.node(signal);
    refuse = 1;
    await cluster.node(signal);
    expect(seen).to.deep.equal(['Bearer first', 'Bearer second', 'Bearer second', 'Bearer second']);
    own.close();
    server.close();
  });
});

describe('an answer that means "you may not"', () => {
  const accessTo = (server: string): KubeAccess => ({
    server,
    ca: undefined,
    clientCertificate: undefined,
    clientKey: undefined,
    serverName: undefined,
    skipVerify: false,
    namespace: 'default',
    authorization: () => Promise.resolve(undefined),
  });
  const status = (code: number, message: string) => ({ kind: 'Status', code, message });
  const denied =
    "nodes \"other\" is forbidden: ValidatingAdmissionPolicy 'own-node' with binding 'own-node' denied request: its own Node only";
  for (const [name, answer, told] of [
    ['RBAC', status(403, 'nodes "other" is forbidden: User "x" cannot patch resource "nodes"'), 'permission'],
    ['a policy, which denies with 422 by default', status(422, denied), 'admission'],
    ['a policy that names Forbidden', status(403, denied), 'admission'],
    ['a webhook', status(400, 'admission webhook "w.example.com" denied the request: no'), 'admission'],
    [
      'a disruption budget',
      status(429, "Cannot evict pod as it would violate the pod's disruption budget."),
      undefined,
    ],
    ['an invalid object', status(422, 'Node "mine" is invalid: spec.taints: duplicate'), undefined],
    ['a thing that is gone', status(404, 'nodes "other" not found'), undefined],
    ['success', { kind: 'Node' }, undefined],
  ] as const)
    it(`is told of as ${told ?? 'nothing'} when it comes from ${name}`, async () => {
      const server = createServer((_request, response) => {
        response.writeHead('code' in answer ? answer.code : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const seen: string[] = [];
      const client = kubeClient(accessTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), {
        timeoutMs: 1_000,
        maxConnections: 1,
        userAgent: 't',
        onForbidden: (by) => seen.push(by),
      });
      await client.call({ method: 'PATCH', path: '/api/v1/nodes/other', body: {} }, signal);
      expect(seen).to.deep.equal(told === undefined ? [] : [told]);
      client.close();
      server.close();
    });
});

describe('drain budget', () => {
  let fake: FakeKubernetes;
  let client: KubeClient;
  let nowMs: number;
  beforeEach(async () => {
    fake = await FakeKubernetes.started();
    client = clientOf(fake);
    nowMs = Date.now();
  });
  afterEach(async () => {
    client.close();
    await fake.close();
  });

  const slots = (holder: string, zone = 'a', over = {}) =>
    drainSlots(client, {
      namespace: 'default',
      holder,
      zone,
      total: 3,
      perZone: 2,
      leaseSeconds: 60,
      nowMs: () => nowMs,
      ...over,
    });

  it('gives no more places than there are in a zone and in total, and each once', async () => {
    const wishes = ['a', 'a', 'a', 'b', 'b', 'c'].map((zone, index) => slots(`n${index}`, zone));
    const got: boolean[] = [];
    for (const wish of wishes) got.push(await wish.acquire(signal));
    expect(got).to.deep.equal([true, true, false, true, false, false]);
    const holders = fake
      .all('Lease')
      .filter((one) => one['metadata'].name.includes('-total-'))
      .map((one) => one['spec'].holderIdentity as string);
    expect(holders.sort()).to.deep.equal(['n0', 'n1', 'n3']);
  });

  it('never gives more than there are to agents that ask at the same moment', async () => {
    const wishes = Array.from({ length: 40 }, (_, index) => slots(`n${index}`, `z${index % 4}`));
    const got = await Promise.all(wishes.map((wish) => wish.acquire(signal)));
    expect(got.filter(Boolean).length).to.be.within(1, 3);
    for (const lease of fake.all('Lease').filter((one) => one['spec'].holderIdentity !== ''))
      expect(
        got[Number(String(lease['spec'].holderIdentity).slice(1))],
        lease['metadata'].name as string,
      ).to.equal(true);
  });

  it('a holder keeps its place by asking again, also after a restart', async () => {
    await slots('n0').acquire(signal);
    expect(await slots('n0').acquire(signal)).to.equal(true);
    expect(fake.all('Lease')).to.have.length(2);
  });

  it('a place is renewed and given back by two writes, without a look at the others', async () => {
    const one = slots('n0');
    await one.acquire(signal);
    const from = fake.requests.length;
    expect(await one.acquire(signal)).to.equal(true);
    await one.release(signal);
    expect(fake.requests.slice(from).map(({ method }) => method)).to.deep.equal(['PUT', 'PUT', 'PUT', 'PUT']);
    expect(fake.all('Lease').map((lease) => lease['spec'].holderIdentity as string)).to.deep.equal(['', '']);
  });

  it('a place that somebody else has written meanwhile is looked for again, and given back all the same', async () => {
    const [one, heir] = [slots('n0'), slots('n0')];
    await one.acquire(signal);
    expect(await heir.acquire(signal)).to.equal(true);
    expect(await one.acquire(signal)).to.equal(true);
    await heir.release(signal);
    expect(fake.all('Lease').every((lease) => lease['spec'].holderIdentity === '')).to.equal(true);
  });

  it('a place is free again when it is given back or its holder has gone silent', async () => {
    const one = { total: 1, perZone: 1 };
    await slots('n0', 'a', one).acquire(signal);
    expect(await slots('n1', 'a', one).acquire(signal)).to.equal(false);
    await slots('n0', 'a', one).release(signal);
    expect(await slots('n1', 'a', one).acquire(signal)).to.equal(true);
    const waiting = slots('n2', 'a', one);
    expect(await waiting.acquire(signal)).to.equal(false);
    nowMs += 70_000;
    expect(await waiting.acquire(signal)).to.equal(true);
  });

  it('a holder lives as long as its Lease is seen to change, however far behind its clock is', async () => {
    const one = { total: 1, perZone: 1 };
    const behind = slots('behind', 'a', { ...one, nowMs: () => nowMs - 600_000 });
    const waiting = slots('waiting', 'a', one);
    expect(await behind.acquire(signal)).to.equal(true);
    for (let renewal = 0; renewal < 10; renewal += 1) {
      expect(await waiting.acquire(signal)).to.equal(false);
      nowMs += 20_000;
      expect(await behind.acquire(signal)).to.equal(true);
    }
    // An agent that has just come has seen nothing change yet, and waits as well.
    expect(await slots('new', 'a', one).acquire(signal)).to.equal(false);
  });

  it('foreign Leases that claim every place for a century keep nobody longer than 65 seconds', async () => {
    const century = {
      holderIdentity: 'somebody',
      leaseDurationSeconds: 2_000_000_000,
      renewTime: '2126-01-01T00:00:00.000000Z',
    };
    for (const [scope, places] of [
      ['total', 3],
      ['zone-a', 2],
    ] as const)
      for (let index = 0; index < places; index += 1)
        await client.call(
          {
            method: 'POST',
            path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
            body: {
              metadata: {
                name: `spot-expander-drain-${scope}-${index}`,
                labels: { 'spot-expander.io/drain-slot': scope },
              },
              spec: century,
            },
          },
          signal,
        );
    const waiting = slots('n0');
    expect(await waiting.acquire(signal)).to.equal(false);
    nowMs += 60_000;
    expect(await waiting.acquire(signal)).to.equal(false);
    nowMs += 5_001;
    expect(await waiting.acquire(signal)).to.equal(true);
  });

  it('thousands of Leases under the label that are no places are passed over', async () => {
    for (let index = 0; index < 1_200; index += 1)
      await client.call(
        {
          method: 'POST',
          path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
          body: {
            metadata: { name: `noise-${index}`, labels: { 'spot-expander.io/drain-slot': 'total' } },
            spec: { holderIdentity: 'noise' },
          },
        },
        signal,
      );
    expect(await slots('n0').acquire(signal)).to.equal(true);
  });
});
