/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kubeClient, type KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { clusterApis, type ClusterApis } from '../../../src/adapters/kubernetes/cluster-apis.ts';
import { clusterConfig } from '../../../src/adapters/kubernetes/kube-config.ts';
import { nodeWatch } from '../../../src/adapters/kubernetes/node-watch.ts';
import type { NodeFeed } from '../../../src/ports/node-feed.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { until } from '../../peers/until.ts';

export function clientOf(fake: Pick<FakeKubernetes, 'url'>): KubeClient {
  return kubeClient(
    {
      server: fake.url,
      ca: undefined,
      clientCertificate: undefined,
      clientKey: undefined,
      serverName: undefined,
      skipVerify: false,
      namespace: 'default',
      authorization: () => Promise.resolve('Bearer x'),
    },
    { timeoutMs: 1_000, maxConnections: 4, userAgent: 'test' },
  );
}

describe('node watch', () => {
  let fake: FakeKubernetes;
  let apis: ClusterApis;
  let home: string;
  let feed: NodeFeed;
  let stop: AbortController;
  let known: Map<string, string>;
  let lists: number;
  let resumed: number;
  let running: Promise<void>;

  beforeEach(async () => {
    fake = await FakeKubernetes.started();
    fake.addNode('a');
    home = mkdtempSync(join(tmpdir(), 'node-watch-'));
    writeFileSync(join(home, 'kubeconfig'), fake.kubeconfig);
    apis = clusterApis(await clusterConfig(join(home, 'kubeconfig'), {}), {
      timeoutMs: 1_000,
      userAgent: 'test',
    });
    stop = new AbortController();
    known = new Map();
    lists = 0;
    resumed = 0;
    feed = nodeWatch(apis, {
      silentMs: 600,
      firstPauseMs: 20,
      greatestPauseMs: 100,
      nowMs: Date.now,
      chance: () => 0,
      warn: () => undefined,
      info: () => void (resumed += 1),
    });
    running = feed.run(
      {
        listed: (nodes) => {
          lists += 1;
          known = new Map(nodes.map((node) => [node.name, node.annotations['x'] ?? '']));
        },
        changed: (node) => void known.set(node.name, node.annotations['x'] ?? ''),
        gone: (node) => void known.delete(node.name),
      },
      stop.signal,
    );
    await until('the first list', () => known.has('a'));
    await until('the watch', () => fake.requests.some((one) => one.path.includes('watch=true')));
  });
  afterEach(async () => {
    stop.abort(new Error('over'));
    await running;
    apis.close();
    rmSync(home, { recursive: true });
    await fake.close();
  });

  const annotate = (value: string) =>
    fake.update('Node', '', 'a', (node) => (node['metadata'].annotations = { x: value }));

  it('hears additions, changes and removals', async () => {
    fake.addNode('b');
    annotate('1');
    await until('b and the change', () => known.has('b') && known.get('a') === '1');
    fake.remove('Node', '', 'b');
    await until('b to go', () => !known.has('b'));
    expect(lists).to.equal(1);
  });

  it('takes an ended watch up where it was, without a new list', async () => {
    fake.endWatches();
    annotate('2');
    await until('the change', () => known.get('a') === '2');
    expect(lists).to.equal(1);
  });

  it('survives an API server that restarts', async () => {
    fake.goAway();
    annotate('3');
    setTimeout(() => (fake.away = false), 200);
    await until('the change', () => known.get('a') === '3');
    expect(resumed).to.equal(1);
  });

  it('lists anew after a silence: an API server restored from a backup has not reached our place again', async () => {
    fake.goAway();
    fake.restoreFromBackup();
    fake.addNode('restored');
    fake.away = false;
    await until('the node that came after the backup', () => known.has('restored'));
    expect(lists).to.equal(2);
    annotate('5');
    await until('the change', () => known.get('a') === '5');
  });

  it('lists anew when its place has been forgotten (410)', async () => {
    fake.watchGone = true;
    fake.endWatches();
    await until('a second list', () => lists === 2);
    annotate('4');
    await until('the change', () => known.get('a') === '4');
  });

  it('takes a watch for dead on which nothing comes, and bookmarks keep it alive', async () => {
    const watches = () => fake.requests.filter((one) => one.path.includes('watch=true')).length;
    const before = watches();
    for (let beat = 0; beat < 8; beat += 1) {
      await new Promise((resolve) => setTimeout(resolve, 125));
      fake.bookmark();
    }
    expect(watches()).to.equal(before);
    await until('another watch', () => watches() > before);
    expect(feed.lastHeardMs()).to.be.greaterThan(Date.now() - 5_000);
  });

  it('pages through a long list', async () => {
    for (let index = 0; index < 1_100; index += 1) fake.addNode(`n-${index}`);
    fake.watchGone = true;
    fake.endWatches();
    await until('a second list', () => lists === 2 && known.size === 1_101);
    expect(fake.requests.filter((one) => one.path.includes('continue=')).length).to.equal(2);
  });
});
