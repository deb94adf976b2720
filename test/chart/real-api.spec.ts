/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { expect } from 'chai';
import { stringify } from 'yaml';
import { chartCluster, expectDone, soon, type ChartCluster } from './cluster-of-charts.ts';
import { combinations } from './combinations.ts';
import { chartPath, helms, rendered, type Helm } from './rendered.ts';

const values = (more: object = {}) => stringify({ region: 'ap-south-1', ...more });

describe('the chart on a real API server', function () {
  this.timeout(120_000);
  let cluster: ChartCluster;

  before(async function () {
    const started = await chartCluster();
    if (typeof started === 'string') {
      console.log(`      skipped: ${started}`);
      this.skip();
    } else cluster = started;
    await expectDone(cluster.kubectl(['create', 'namespace', 'spot']));
    const warns = 'pod-security.kubernetes.io/warn=restricted';
    await expectDone(cluster.kubectl(['label', 'namespace', 'spot', warns]));
  });
  after(() => (cluster as ChartCluster | undefined)?.stop());

  for (const [name, rendering] of Object.entries(combinations))
    it(`takes every object of ${name}, without a field that it does not know`, async () => {
      const objects = rendered({ ...rendering, apis: ['monitoring.coreos.com/v1', 'karpenter.sh/v1'] });
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      const { code, text } = await cluster.kubectl(
        ['create', '--dry-run=server', '--validate=strict', '-f', '-'],
        list,
      );
      expect(code, text).to.equal(0);
      const [warnings, made] = parted(text.trim().split('\n'), (line) => line.startsWith('Warning:'));
      expect(made).to.have.length(objects.length);
      // Kubernetes' own check of pods: only the host network is beyond the restricted standard.
      const onHost = objects.some(({ kind, spec }) => kind === 'DaemonSet' && spec.template.spec.hostNetwork);
      expect(warnings).to.deep.equal(
        onHost
          ? [
              'Warning: would violate PodSecurity "restricted:latest": host namespaces (hostNetwork=true), hostPort (container "agent" uses hostPort 8090)',
            ]
          : [],
      );
    });

  for (const which of Object.keys(helms) as Helm[])
    it(`${which}: upgrades and rollbacks keep the generated certificate; another name makes a new one by the same CA`, async () => {
      const release = which.replace(' ', '');
      const secret = async (name: string, namespace = 'spot') => {
        const text = await expectDone(
          cluster.kubectl([
            'get',
            'secret',
            `${release}-spot-expander-${name}`,
            '-n',
            namespace,
            '-o',
            'json',
          ]),
        );
        return (JSON.parse(text) as { data: Record<string, string> }).data;
      };
      const run = (verb: string, more?: object) =>
        expectDone(
          cluster.helm(
            which,
            [verb, release, chartPath, '-n', 'spot', '--no-hooks', '-f', '-'],
            values({ ...more }),
          ),
        );
      await run('install');
      const [pair, ca] = [await secret('tls'), await secret('ca', 'kube-system')];
      expect(ca).to.deep.equal({ 'ca.crt': pair['ca.crt'] });
      await run('upgrade', { server: { replicas: 3 } });
      expect(await secret('tls')).to.deep.equal(pair);
      await run('upgrade', { tls: { extraDnsNames: ['expander.example.com'] } });
      const renamed = await secret('tls');
      expect(renamed['tls.crt']).to.not.equal(pair['tls.crt']);
      expect(renamed['ca.crt']).to.equal(pair['ca.crt']);
      // Ten days are within `renewBeforeDays` of the end: each upgrade renews, by the same CA.
      const short = { tls: { extraDnsNames: ['short.example.com'], generated: { leafDays: 10 } } };
      await run('upgrade', short);
      const first = await secret('tls');
      await run('upgrade', short);
      const renewed = await secret('tls');
      expect(renewed['tls.crt']).to.not.equal(first['tls.crt']);
      expect(renewed['ca.crt']).to.equal(pair['ca.crt']);
      await expectDone(cluster.helm(which, ['rollback', release, '1', '-n', 'spot', '--no-hooks']));
      expect(await secret('tls')).to.deep.equal(pair);
      await expectDone(cluster.helm(which, ['uninstall', release, '-n', 'spot', '--no-hooks']));
      const left = await cluster.kubectl([
        'get',
        'all,secret,configmap,networkpolicy,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding',
        '-A',
        '-l',
        `app.kubernetes.io/instance=${release}`,
        '-o',
        'name',
      ]);
      // Pods end when their kubelet says so.
      expect(left.text.split('\n').filter((line) => line !== '' && !line.startsWith('pod/'))).to.deep.equal(
        [],
      );
    });

  describe('an agent’s token under the chart’s policies', () => {
    let asAgent: ChartCluster['kubectl'];
    const raw = (verb: string, path: string, body: object) =>
      asAgent([verb, '--raw', path, '-f', '-'], JSON.stringify(body));
    const eviction = (pod: string) =>
      raw('create', `/api/v1/namespaces/web/pods/${pod}/eviction?dryRun=All`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod, namespace: 'web' },
      });
    const mark = (node: string) =>
      asAgent([
        'patch',
        'node',
        node,
        '--type=merge',
        '--dry-run=server',
        '-p',
        '{"spec":{"unschedulable":true}}',
      ]);
    const lease = (name: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'spot' },
    });
    const event = (node: string) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: 'e-', namespace: 'default' },
      involvedObject: { kind: 'Node', name: node },
    });

    before(async () => {
      await expectDone(cluster.kubectl(['create', 'namespace', 'web']));
      const objects = ['own', 'other'].flatMap((node) => [
        {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: node, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
        },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: `on-${node}`, namespace: 'web' },
          spec: { nodeName: node, containers: [{ name: 'c', image: 'none' }] },
        },
      ]);
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      await soon(
        'nodes and pods',
        async () => (await cluster.kubectl(['apply', '-f', '-'], list)).code === 0,
      );
      await expectDone(
        cluster.helm('helm 4', ['install', 'se', chartPath, '-n', 'spot', '--no-hooks', '-f', '-'], values()),
      );
      asAgent = await cluster.asPod('spot', 'se-spot-expander-agent', 'own');
      await soon('the policies', async () => {
        const tries = [await mark('other'), await eviction('on-other')];
        return tries.every(({ text }) => text.includes('own Node'));
      });
    });

    const allowed: Readonly<Record<string, () => ReturnType<ChartCluster['kubectl']>>> = {
      'marks its own Node': () => mark('own'),
      'evicts a pod on it': () => eviction('on-own'),
      'deletes a pod on it': () => asAgent(['delete', 'pod', 'on-own', '-n', 'web', '--dry-run=server']),
      'takes a place of the drain budget': () =>
        asAgent(
          ['create', '--dry-run=server', '-f', '-'],
          JSON.stringify(lease('spot-expander-drain-total-0')),
        ),
      'tells of its own Node': () =>
        asAgent(['create', '--dry-run=server', '-f', '-'], JSON.stringify(event('own'))),
    };
    for (const [what, tried] of Object.entries(allowed))
      it(what, async () => {
        const { code, text } = await tried();
        expect(code, text).to.equal(0);
      });

    const refused: Readonly<Record<string, () => ReturnType<ChartCluster['kubectl']>>> = {
      'may not mark another Node': () => mark('other'),
      'nor evict a pod there': () => eviction('on-other'),
      'nor delete one': () => asAgent(['delete', 'pod', 'on-other', '-n', 'web', '--dry-run=server']),
      'nor take a Lease of somebody else’s': () =>
        asAgent(['create', '--dry-run=server', '-f', '-'], JSON.stringify(lease('kube-scheduler'))),
      'nor tell of another Node': () =>
        asAgent(['create', '--dry-run=server', '-f', '-'], JSON.stringify(event('other'))),
    };
    for (const [what, tried] of Object.entries(refused))
      it(what, async () => {
        const { code, text } = await tried();
        expect(code, text).to.not.equal(0);
        expect(text).to.match(/own Node/);
      });

    it('nor read a Secret', async () => {
      const { text } = await asAgent(['get', 'secrets', '-n', 'spot']);
      expect(text).to.match(/forbidden/i);
    });
  });
});

function parted<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}
