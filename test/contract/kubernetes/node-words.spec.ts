/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { expect } from 'chai';
import { nodeCluster } from '../../../src/adapters/kubernetes/kube-node-cluster.ts';
import { pacedClient } from '../../../src/adapters/kubernetes/paced-client.ts';
import { aNode, aPod } from '../../unit/drain/simulated-node.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { clientOf } from './node-watch.spec.ts';

const signal = new AbortController().signal;

describe('what an agent asks and tells beside its Node', () => {
  let fake: FakeKubernetes;
  beforeEach(async () => (fake = await FakeKubernetes.started()));
  afterEach(() => fake.close());

  for (const [type, can] of [
    ['ClusterIP', false],
    ['ExternalName', false],
    ['NodePort', true],
    ['LoadBalancer', true],
  ] as const)
    it(`a Service of type ${type} is ${can ? '' : 'not '}one by which a load balancer knows nodes`, async () => {
      fake.addService('web', type);
      const client = clientOf(fake);
      expect(await nodeCluster(client, 'n').hasLoadBalancers(signal)).to.equal(can);
      client.close();
    });

  it('an Event of a pod is about the pod, in its namespace, with the annotations that were given', async () => {
    const client = clientOf(fake);
    const cluster = nodeCluster(client, 'n', [], { team: 'a', 'example.com/tier': '2' });
    const pod = aPod('web');
    const event = { id: 'e', reason: 'SpotPodEvicted', message: 'm', type: 'Warning', atMs: 0 } as const;
    expect(await cluster.tell({ ...event, pod }, aNode(), signal)).to.equal('told');
    expect(await cluster.tell({ ...event, pod }, aNode(), signal)).to.equal('known');
    expect(await cluster.tell(event, aNode(), signal)).to.equal('told');
    const [ofPod, , ofNode] = fake.requests.map(({ path, body }) => ({ path, body }));
    expect(ofPod?.path).to.equal(`/api/v1/namespaces/${pod.namespace}/events`);
    expect(ofPod?.body?.['involvedObject']).to.include({ kind: 'Pod', name: 'web', uid: pod.uid });
    expect(ofNode?.path).to.equal('/api/v1/namespaces/default/events');
    for (const sent of [ofPod, ofNode])
      expect(sent?.body?.['metadata'].annotations).to.deep.equal({
        team: 'a',
        'example.com/tier': '2',
        'spot-expander.io/event-id': 'e',
      });
    client.close();
  });

  it('asks no faster than it was told, after the burst', async () => {
    const client = pacedClient(clientOf(fake), { perSecond: 50, burst: 3 });
    const fromMs = performance.now();
    const tookMs = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        await client.call({ method: 'GET', path: `/api/v1/pods?limit=${index}` }, signal);
        return performance.now() - fromMs;
      }),
    );
    // Five beyond the burst, 20 ms each.
    expect(Math.max(...tookMs)).to.be.at.least(95);
    client.close();
  });

  it('a wait for its turn ends with the signal', async () => {
    const client = pacedClient(clientOf(fake), { perSecond: 0.01, burst: 1 });
    await client.call({ method: 'GET', path: '/api/v1/pods' }, signal);
    const started = Date.now();
    await client.call({ method: 'GET', path: '/api/v1/pods' }, AbortSignal.timeout(50)).then(
      () => expect.fail('it was let through'),
      (error: unknown) => expect(String(error)).to.match(/abort/i),
    );
    expect(Date.now() - started).to.be.below(5_000);
    client.close();
  });
});
