import { expect } from 'chai';
import { helmTools } from '../../scripts/helm-tools.ts';
import { interruption } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';
import { autoscalerBy, type Asking } from './autoscaler.ts';
import { chart, Helm } from './helm.ts';
import type { KubeObject } from './kube-api.ts';
import { aDeployment, aNode, isReady, podsIn } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

const release = 'one';
const full = `${release}-spot-expander`;
const collections = [
  ...['pods', 'services', 'serviceaccounts', 'secrets', 'configmaps'].map((name) => `/api/v1/${name}`),
  ...['deployments', 'daemonsets', 'replicasets'].map((name) => `/apis/apps/v1/${name}`),
  ...['jobs', 'cronjobs'].map((name) => `/apis/batch/v1/${name}`),
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
    (name) => `/apis/rbac.authorization.k8s.io/v1/${name}`,
  ),
  ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].map(
    (name) => `/apis/admissionregistration.k8s.io/v1/${name}`,
  ),
  '/apis/policy/v1/poddisruptionbudgets',
  '/apis/networking.k8s.io/v1/networkpolicies',
];

for (const version of ['helm3', 'helm4'] as const)
  describe(`the chart, installed by ${version} on a real control plane`, function () {
    this.timeout(120_000);
    const namespace = `chart-${version}`;
    const [spot, other, steady] = [`${version}-spot`, `${version}-other`, `${version}-steady`];
    let world: PlayedCluster;
    let helm: Helm;
    let notes: string;
    let asking: Asking | undefined;

    before(async function () {
      world = await playedOrSkipped(this);
      const tools = helmTools();
      if (typeof tools === 'string') {
        console.log(`      skipped: ${tools}`);
        return this.skip();
      }
      helm = new Helm(tools[version], world.cluster.kubeconfig);
      for (const [index, name] of [spot, other, steady].entries())
        await world.addNode(name, {
          instanceId: `i-000000000000${version}${index}`,
          isSpot: name !== steady,
          labels: { story: namespace, ...(name !== steady && { [`${namespace}-agents`]: 'yes' }) },
        });
    });
    after(() => asking?.close());
    afterEach(function () {
      if (this.currentTest?.state !== 'failed') return;
      // What a person would look at first.
      for (const { pod, containers } of world.player.podsOf(namespace, {}))
        for (const one of containers)
          console.log(
            `      ${pod.metadata.name} on ${pod.spec.nodeName ?? ''}: ${JSON.stringify(one.status())}\n        ${one.lines.slice(-4).join('\n        ')}`,
          );
    });

    const values = (more: object = {}) =>
      helm.valuesFile({
        region: 'ap-south-1',
        server: {
          nodeSelector: { 'kubernetes.io/hostname': steady },
          config: { risk_model: 'mock', ...more },
        },
        agent: {
          spotNodeSelectorTerms: [{ matchExpressions: [{ key: `${namespace}-agents`, operator: 'Exists' }] }],
          config: { poll_interval: '200ms', min_node_age: '0s', load_balancer_wait: '0s' },
        },
      });
    const inRelease = (...args: string[]) => helm.run(...args, '--namespace', namespace, '--timeout', '100s');
    const certificate = async () =>
      (
        await world.api.get<{ data: Record<string, string> }>(
          `/api/v1/namespaces/${namespace}/secrets/${full}-tls`,
        )
      ).data['tls.crt'];
    const ours = async () => {
      const selector = `?labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${release},app.kubernetes.io/name=spot-expander`)}`;
      const all: string[] = [];
      for (const path of collections)
        for (const { metadata } of await world.api.list<KubeObject>(path + selector))
          if (
            metadata.namespace === namespace ||
            metadata.namespace === undefined ||
            path.includes('secrets') ||
            path.includes('role')
          )
            all.push(`${path.split('/').pop() ?? ''}/${metadata.namespace ?? ''}/${metadata.name}`);
      return all.filter((one) => !one.startsWith('secrets') || !one.includes('sh.helm.release'));
    };
    const servers = `app.kubernetes.io/instance=${release},app.kubernetes.io/component=server`;
    const agents = `app.kubernetes.io/instance=${release},app.kubernetes.io/component=agent`;

    it('installs: every object is accepted, every pod runs our program and is ready', async () => {
      notes = await inRelease(
        'install',
        release,
        chart,
        '--create-namespace',
        '--values',
        values(),
        '--wait',
      );
      expect((await podsIn(world.api, namespace, servers)).filter(isReady)).to.have.length(2);
      await until(
        'the agents to be ready',
        async () => (await podsIn(world.api, namespace, agents)).filter(isReady).length === 2,
        30_000,
      );
      for (const { containers } of world.player.podsOf(namespace, { 'app.kubernetes.io/instance': release }))
        expect(containers[0]?.status().restartCount).to.equal(0);
    });

    it('helm test passes', async () => {
      expect(await inRelease('test', release)).to.match(/Phase:\s+Succeeded/);
    });

    it('an autoscaler by the values of the notes is answered over TLS, by the CA of its own namespace alone', async () => {
      asking = await autoscalerBy(notes, world.api);
      expect(await asking.ask()).to.not.deep.equal([]);
    });

    it('the loop: a notice on one node makes its pool hot in the next answer, and its pods run elsewhere', async () => {
      await aDeployment(world.api, namespace, 'web', 4, namespace);
      const before = await asking!.ask();
      const pool = poolOf(before[0] ?? '');
      expect(pool, `${before.join()} is a Spot group`).to.not.equal(undefined);
      const doomed = `${version}-doomed`;
      await world.addNode(doomed, {
        instanceId: `i-000000000000${version}9`,
        instanceType: pool![0],
        zone: pool![1],
        labels: { story: namespace, [`${namespace}-agents`]: 'yes' },
      });
      await until(
        'its agent to be ready',
        async () =>
          (await podsIn(world.api, namespace, agents)).some(
            (pod) => pod.spec.nodeName === doomed && isReady(pod),
          ),
        30_000,
      );
      for (const name of ['on-doomed-1', 'on-doomed-2']) await standing(name, doomed);
      const moved = async () => (await podsIn(world.api, namespace, 'app=moves')).filter(isReady);
      await world.metadata(doomed, { spot: interruption(90_000)() });
      await until(
        'the pods to run elsewhere',
        async () => {
          const pods = await moved();
          return pods.length === 2 && pods.every(({ spec }) => spec.nodeName !== doomed);
        },
        30_000,
      );
      await until('another answer', async () => (await asking!.ask())[0] !== before[0], 20_000);
      const [after = ''] = await asking!.ask();
      expect(poolOf(after)).to.not.deep.equal(pool);
    });

    /** A Deployment of one, put on a node first by its affinity, free to go anywhere of the story afterwards. */
    async function standing(name: string, first: string): Promise<void> {
      await world.api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'moves', name } },
          template: {
            metadata: { labels: { app: 'moves', name } },
            spec: {
              terminationGracePeriodSeconds: 1,
              nodeSelector: { story: namespace },
              affinity: {
                nodeAffinity: {
                  preferredDuringSchedulingIgnoredDuringExecution: [
                    {
                      weight: 100,
                      preference: {
                        matchExpressions: [
                          { key: 'kubernetes.io/hostname', operator: 'In', values: [first] },
                        ],
                      },
                    },
                  ],
                },
              },
              containers: [{ name: 'c', image: 'none' }],
            },
          },
        },
      });
      await until(
        `${name} to run on ${first}`,
        async () =>
          (await podsIn(world.api, namespace, `name=${name}`)).some(
            (pod) => isReady(pod) && pod.spec.nodeName === first,
          ),
        20_000,
      );
    }

    it('upgrade: a rolling update without one refused call; certificate and answers are kept', async () => {
      const [crt, answer] = [await certificate(), await asking!.ask()];
      const before = new Set(
        (await podsIn(world.api, namespace, servers)).map(({ metadata }) => metadata.uid),
      );
      const traffic = asking!.traffic();
      await inRelease('upgrade', release, chart, '--values', values({ log_level: 'debug' }), '--wait');
      await until(
        'the old servers to go',
        async () =>
          (await podsIn(world.api, namespace, servers)).every(({ metadata }) => !before.has(metadata.uid)),
        60_000,
      );
      const { answered, failures } = await traffic.stop();
      expect(failures).to.deep.equal([]);
      expect(answered).to.be.at.least(50);
      expect(await certificate()).to.equal(crt);
      expect(await asking!.ask()).to.deep.equal(answer);
    });

    it('rollback: the former configuration is back, the certificate is kept, and it answers', async () => {
      const crt = await certificate();
      await inRelease('rollback', release, '1', '--wait');
      const { data } = await world.api.get<{ data: Record<string, string> }>(
        `/api/v1/namespaces/${namespace}/configmaps/${full}-server`,
      );
      expect(data['config.yaml']).to.not.include('debug');
      expect(await certificate()).to.equal(crt);
      expect(await asking!.ask()).to.not.deep.equal([]);
    });

    it('uninstall: nothing of ours is left, and no node is marked or cordoned by us', async () => {
      const marked = () => aNode(world.api, spot);
      await world.metadata(spot, { rebalance: { noticeTime: new Date().toISOString() } });
      await until('a mark', async () => (await marked()).spec.unschedulable === true, 15_000);
      await world.api.patch(`/api/v1/nodes/${other}`, { spec: { unschedulable: true } });
      await inRelease('uninstall', release, '--wait');
      for (const name of [spot, `${version}-doomed`]) {
        const { metadata, spec, status } = await aNode(world.api, name);
        expect(
          Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('spot-expander.io/')),
        ).to.deep.equal([]);
        expect(spec.unschedulable, name).to.not.equal(true);
        expect((spec.taints ?? []).map(({ key }) => key).filter((key) => key.includes('spot'))).to.deep.equal(
          [],
        );
        expect(
          (status.conditions ?? []).map(({ type }) => type).filter((type) => type.includes('spot-expander')),
        ).to.deep.equal([]);
      }
      expect((await aNode(world.api, other)).spec.unschedulable).to.equal(true);
      await until('everything to be gone', async () => (await ours()).length === 0, 30_000).catch(async () =>
        expect(await ours()).to.deep.equal([]),
      );
      expect(
        await world.api.list(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`),
      ).to.deep.equal([]);
    });
  });

/** Type and zone of the Spot groups in the recorded request. */
function poolOf(id: string): readonly [type: string, zone: string] | undefined {
  const match = /^spot-([a-z0-9]+)-(\w+)-([abc])$/.exec(id);
  return match === null ? undefined : [`${match[1]}.${match[2]}`, `ap-south-1${match[3]}`];
}
