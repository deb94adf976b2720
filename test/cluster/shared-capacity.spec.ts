import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { joined, node, nodeEntry, option, pod, textField } from '../../scripts/wire-bytes.ts';
import { asker, type Asker } from '../e2e/asked.ts';
import { bareEnvironment, served, type Served } from '../e2e/served.ts';
import { until } from '../peers/until.ts';
import { ApiRefusal, KubeApi } from './kube-api.ts';
import { aNamespace } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { kubeconfigWith } from './pod-identity.ts';
import { playedOrSkipped } from './shared-played.ts';

const record = 'se-capacity';
const story = 'shared-capacity';
const pools = {
  'asg-c5': { type: 'c5.large', zone: 'ap-south-1c', name: 'c5' },
  'asg-c5-too': { type: 'c5.large', zone: 'ap-south-1c', name: 'c5-too' },
  'asg-r5': { type: 'r5.4xlarge', zone: 'ap-south-1b', name: 'r5' },
} as const;
type Group = keyof typeof pools;
const all: readonly Group[] = ['asg-c5', 'asg-c5-too', 'asg-r5'];

/** As an autoscaler of 1.35 asks for three pods of a name. */
function asked(pods: string, groups: readonly Group[] = all): Uint8Array {
  const raw = [1, 2, 3].map((index) =>
    pod({
      name: `${pods}-${index}`,
      metadata: [textField(5, `${pods}-uid-${index}`)],
      containers: [{ requests: { cpu: '500m', memory: '512Mi' } }],
    }),
  );
  const size = { cpu: '2', memory: '4Gi', pods: '30' };
  return joined(
    ...groups.map((id) => option({ id, count: 3, raw })),
    ...groups.map((id) => {
      const { type, zone, name } = pools[id];
      const labels = {
        'node.kubernetes.io/instance-type': type,
        'topology.kubernetes.io/zone': zone,
        'topology.kubernetes.io/region': 'ap-south-1',
        'eks.amazonaws.com/capacityType': 'SPOT',
        'eks.amazonaws.com/nodegroup': name,
      };
      return nodeEntry(3, id, node({ name: `template-${id}`, labels, capacity: size, allocatable: size }));
    }),
  );
}

interface Replica {
  readonly process: Served;
  readonly ask: Asker['bestOptions'];
  readonly close: () => Promise<void>;
}

interface Record {
  readonly data?: Readonly<Partial<{ 'capacity.json': string }>>;
}

describe('capacity memory of two servers, on a real control plane', function () {
  this.timeout(120_000);
  let world: PlayedCluster;
  let namespace: string;
  let kubeconfig: string;
  let asServer: KubeApi;
  const folders = { one: '', two: '' };
  const running = new Map<keyof typeof folders, Replica>();
  let asks = 0;
  const path = () => `/api/v1/namespaces/${namespace}/configmaps/${record}`;
  const written = async () => (await world.api.found<Record>(path()))?.data?.['capacity.json'] ?? '';

  async function start(name: keyof typeof folders, more: readonly string[] = []): Promise<void> {
    const state = folders[name];
    const process = await served(
      [
        ...['--kubeconfig', kubeconfig, '--state-dir', state, '--capacity-record', record],
        ...['--region', 'ap-south-1', '--risk-model', 'always-safe', ...more],
      ],
      bareEnvironment(state),
    );
    const grpc = asker(process.port, join(state, 'localhost.crt'));
    running.set(name, {
      process,
      ask: grpc.bestOptions,
      close: async () => {
        grpc.close();
        await process.stop();
        running.delete(name);
      },
    });
  }

  const ask = async (name: keyof typeof folders, groups?: readonly Group[], pods?: string) =>
    (await running.get(name)!.ask(asked(pods ?? `pods-${(asks += 1)}`, groups))).join();
  const answers = (name: keyof typeof folders, wanted: string | RegExp) =>
    until(
      `${name} to answer ${String(wanted)}`,
      async () => new RegExp(wanted).test(await ask(name)),
      20_000,
    );

  /** The pods of one answer still wait and its groups are gone, until both servers rest the class: a watch that was cut may take the last story's node for a delivery. */
  const rests = (name: keyof typeof folders, pods: string) =>
    until(
      'both to let the class rest',
      async () => {
        if (!(await written()).includes('c5')) {
          const again = `${pods}-${(asks += 1)}`;
          await ask(name, all, again);
          await ask(name, ['asg-r5'], again);
        }
        return (await ask('one')) === 'asg-r5' && (await ask('two')) === 'asg-r5';
      },
      40_000,
    );

  before(async function () {
    world = await playedOrSkipped(this);
    namespace = await aNamespace(world.api, story);
    const rules = [
      // As the chart's role has it.
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: [record],
        verbs: ['get', 'watch', 'create', 'patch'],
      },
    ];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const metadata = { name: 'shared-capacity' };
    const account = { kind: 'ServiceAccount', name: 'default', namespace };
    const bound = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, ...metadata });
    const version = { apiVersion: 'rbac.authorization.k8s.io/v1' };
    await world.api.create(`${rbac}/namespaces/${namespace}/roles`, {
      ...version,
      kind: 'Role',
      metadata,
      rules,
    });
    await world.api.create(`${rbac}/namespaces/${namespace}/rolebindings`, {
      ...{ ...version, kind: 'RoleBinding', metadata, roleRef: bound('Role'), subjects: [account] },
    });
    await world.api.create(`${rbac}/clusterroles`, {
      ...{ ...version, kind: 'ClusterRole', metadata },
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] }],
    });
    await world.api.create(`${rbac}/clusterrolebindings`, {
      ...{
        ...version,
        kind: 'ClusterRoleBinding',
        metadata,
        roleRef: bound('ClusterRole'),
        subjects: [account],
      },
    });
    const made = await world.api.create<{ status: { token: string } }>(
      `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    );
    kubeconfig = kubeconfigWith(world.cluster, made.status.token, namespace);
    asServer = await KubeApi.of(kubeconfig);
    for (const name of ['one', 'two'] as const)
      folders[name] = mkdtempSync(join(tmpdir(), `capacity-${name}-`));
    await Promise.all([start('one'), start('two')]);
  });
  after(async () => {
    for (const replica of running.values()) await replica.close();
    asServer.close();
  });

  it('with a role that may make and touch this one name and no other', async () => {
    const refusedWith403 = (work: Promise<unknown>) =>
      work.then(
        () => false,
        (error: unknown) => error instanceof ApiRefusal && error.status === 403,
      );
    const collection = `/api/v1/namespaces/${namespace}/configmaps`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } };
    expect(await refusedWith403(asServer.create(collection, object))).to.equal(true);
    expect(await refusedWith403(asServer.get(`${collection}/other`))).to.equal(true);
    expect(await refusedWith403(asServer.list(collection))).to.equal(true);
    const apply = 'application/apply-patch+yaml';
    const applied = (name: string) =>
      asServer.call(
        'PATCH',
        `${collection}/${name}?fieldManager=x&force=true`,
        { ...object, metadata: { name } },
        apply,
      );
    expect(await refusedWith403(applied('other'))).to.equal(true);
  });

  it('a rest that one sees is obeyed by the other', async () => {
    expect(await ask('one', all, 'stuck')).to.match(/^asg-c5/);
    expect(await ask('two')).to.match(/^asg-c5/);
    // The autoscaler has put the group into back-off, and its pods still wait.
    await ask('one', ['asg-r5'], 'stuck');
    await answers('two', 'asg-r5');
    const text = await written();
    expect(text).to.match(/"type":"c5.large"/);
    expect(text).to.match(/is no longer offered while 3 of the 3 pods/);
  });

  it('one that is killed remembers after its restart, and what the API server says too late changes nothing', async () => {
    await running.get('one')!.close();
    world.cluster.pauseApiServer();
    try {
      await start('one');
      expect(await ask('one')).to.equal('asg-r5');
    } finally {
      world.cluster.resumeApiServer();
    }
    await running.get('one')!.close();
    // Another machine: its disk knows nothing, the record does.
    folders.one = mkdtempSync(join(tmpdir(), 'capacity-fresh-'));
    await start('one');
    await answers('one', 'asg-r5');
  });

  it('an API server that was restarted is followed again', async () => {
    await world.cluster.killApiServer();
    expect(await ask('two')).to.equal('asg-r5');
    await world.cluster.restartApiServer();
    // A node of the class comes to a group that is not known to be another: the rest ends for both.
    await world.addNode('capacity-node', {
      instanceId: 'i-0000000000ca9ac17',
      zone: 'ap-south-1c',
      labels: { story },
    });
    await Promise.all([answers('one', /^asg-c5/), answers('two', /^asg-c5/)]);
    await until('the record to be empty', async () => !(await written()).includes('c5.large'));
  });

  it('a person who deletes the record has it forgotten by both, and the next rest makes it anew', async () => {
    await rests('two', 'again');
    await until('the record', async () => (await written()).includes('c5'));
    await world.api.remove(path());
    await Promise.all([answers('one', /^asg-c5/), answers('two', /^asg-c5/)]);
    expect(await written()).to.equal('');
    await rests('one', 'anew');
    await until('the record', async () => (await written()).includes('c5.large'));
  });

  it('a node that comes to a sibling clears the class for both and leaves the failure with its group', async () => {
    await world.addNode('capacity-sibling', {
      instanceId: 'i-0000000000ca9ac18',
      zone: 'ap-south-1c',
      labels: { story, 'eks.amazonaws.com/nodegroup': 'c5-too' },
    });
    const failed = /"group":"(asg-c5[a-z-]*)"/.exec(await written())?.[1];
    const sibling = failed === 'asg-c5' ? 'asg-c5-too' : 'asg-c5';
    if (failed === 'asg-c5') {
      await Promise.all([answers('one', `^${sibling}$`), answers('two', `^${sibling}$`)]);
      await until('the group alone to rest', async () => (await written()).includes('"of":"group"'));
    } else await Promise.all([answers('one', /^asg-c5/), answers('two', /^asg-c5/)]);
  });

  it('where the right is missing it is told once and everything else goes on', async () => {
    await world.api.remove(
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/shared-capacity`,
    );
    await running.get('one')!.close();
    await start('one');
    const told = (line: string) => line.includes('may not be read and written');
    await running.get('one')!.process.line(told, 'saying that the right is missing');
    expect(await ask('one')).to.match(/^asg-/);
    expect(running.get('one')!.process.lines.filter(told)).to.have.length(1);
  });
});
