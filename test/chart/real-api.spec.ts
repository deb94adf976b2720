/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { expect } from 'chai';
import { stringify } from 'yaml';
import { chartCluster, expectDone, type ChartCluster } from './cluster-of-charts.ts';
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
});

function parted<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}
