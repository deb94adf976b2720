import { expect } from 'chai';
import type { NodeView } from '../../../../src/drain/observed.ts';
import type { NodeListener } from '../../../../src/ports/node-feed.ts';
import { FleetCounts } from '../../../../src/server/fleet/fleet-counts.ts';

function node(uid: string, type: string, zone: string, spot = true, group?: string): NodeView {
  return {
    name: uid,
    uid,
    resourceVersion: '1',
    providerId: '',
    createdAtMs: 0,
    unschedulable: false,
    labels: {
      'node.kubernetes.io/instance-type': type,
      'topology.kubernetes.io/zone': zone,
      'eks.amazonaws.com/capacityType': spot ? 'SPOT' : 'ON_DEMAND',
      ...(group !== undefined && { 'eks.amazonaws.com/nodegroup': group }),
    },
    annotations: {},
    taints: [],
    bootId: '',
    condition: undefined,
    nodeClaim: undefined,
  };
}

async function watched(): Promise<{ counts: FleetCounts; listener: NodeListener }> {
  const counts = new FleetCounts((type) => (type === 'm5.large' ? 2 : undefined));
  let told: NodeListener | undefined;
  const feed = counts.counting({
    lastHeardMs: () => 0,
    run: (listener) => {
      told = listener;
      return Promise.resolve();
    },
  });
  const ignore = () => undefined;
  await feed.run({ listed: ignore, changed: ignore, gone: ignore }, new AbortController().signal);
  if (told === undefined) throw new Error('the feed was not run');
  return { counts, listener: told };
}

const pool = (instanceType: string, zone: string, capacityType: 'spot' | 'on-demand' = 'spot') => ({
  ...{ instanceType, zone, capacityType },
  region: 'ap-south-1',
});

describe('the fleet in view', () => {
  it('is not known until the nodes were listed once', async () => {
    const { counts, listener } = await watched();
    expect(counts.view()).to.equal(undefined);
    listener.listed([]);
    expect(counts.view()?.all).to.deep.equal({ nodes: 0, vcpus: 0 });
  });

  it('counts nodes and vCPUs by pool, type, zone and group as they come, change and go', async () => {
    const { counts, listener } = await watched();
    listener.listed([
      node('1', 'm5.large', 'a', true, 'web'),
      node('2', 'm5.large', 'b', true, 'web'),
      node('3', 'm5.large', 'a', false),
      node('4', 'x9.odd', 'a'),
    ]);
    const view = counts.view()!;
    expect(view.all).to.deep.equal({ nodes: 4, vcpus: 2 + 2 + 2 + 4 });
    expect(view.pool(pool('m5.large', 'a'))).to.deep.equal({ nodes: 1, vcpus: 2 });
    expect(view.pool(pool('m5.large', 'a', 'on-demand'))).to.deep.equal({ nodes: 1, vcpus: 2 });
    expect(view.type(pool('m5.large', 'a'))).to.deep.equal({ nodes: 2, vcpus: 4 });
    expect(view.zone(pool('m5.large', 'a'))).to.deep.equal({ nodes: 2, vcpus: 6 });
    expect([view.inZone('a'), view.inZone('b')]).to.deep.equal([3, 1]);
    listener.changed(node('5', 'm5.large', 'b', true, 'web'));
    listener.changed(node('5', 'm5.large', 'b', true, 'web'));
    listener.gone(node('1', 'm5.large', 'a', true, 'web'));
    expect(counts.view()?.all.nodes).to.equal(4);
    expect(counts.view()?.inZone('b')).to.equal(2);
    expect(counts.view()?.group('web').nodes).to.equal(2);
  });

  it('knows a group by the name that its template carries', async () => {
    const { counts, listener } = await watched();
    listener.listed([node('1', 'm5.large', 'a', true, 'web')]);
    expect(counts.view()?.group('eks-web-7c1').nodes).to.equal(0);
    counts.learnGroup('eks-web-7c1', { 'eks.amazonaws.com/nodegroup': 'web' });
    expect(counts.view()?.group('eks-web-7c1').nodes).to.equal(1);
  });

  it('begins anew with every listing', async () => {
    const { counts, listener } = await watched();
    listener.listed([node('1', 'm5.large', 'a')]);
    listener.listed([node('2', 'm5.large', 'b')]);
    expect([counts.view()?.inZone('a'), counts.view()?.inZone('b')]).to.deep.equal([0, 1]);
  });
});
