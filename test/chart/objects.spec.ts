/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/restrict-plus-operands -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { combinations, everything } from './combinations.ts';
import { chartPath, helm, helms, kindsOf, one, podsOf, rendered, type Helm } from './rendered.ts';

for (const which of Object.keys(helms) as Helm[])
  describe(`the chart by ${which}`, () => {
    it('lint finds nothing', () => {
      const { code, text } = helm(which, ['lint', '--strict', chartPath, '--set', 'region=ap-south-1']);
      expect(code, text).to.equal(0);
    });
    for (const [name, rendering] of Object.entries(combinations))
      it(`renders ${name}, each object once`, () => {
        const kinds = kindsOf(rendered({ ...rendering, helm: which }));
        expect(kinds).to.have.length.above(10);
        expect(new Set(kinds).size).to.equal(kinds.length);
      });
  });

describe('the server', () => {
  const objects = rendered();
  const deployment = one(objects, 'Deployment', 'se-spot-expander-server');
  const pod = deployment['spec'].template.spec;

  it('has two replicas, spread over zones and nodes, and a budget of one', () => {
    expect(deployment['spec'].replicas).to.equal(2);
    expect(
      pod.topologySpreadConstraints.map(({ topologyKey }: { topologyKey: string }) => topologyKey),
    ).to.deep.equal(['topology.kubernetes.io/zone', 'kubernetes.io/hostname']);
    const budget = one(objects, 'PodDisruptionBudget', 'se-spot-expander-server')['spec'];
    expect(budget.maxUnavailable).to.equal(1);
    expect(budget.selector.matchLabels).to.deep.equal(deployment['spec'].selector.matchLabels);
  });

  it('is replaced without a gap: none is taken away early, and each has time to drain', () => {
    expect(deployment['spec'].strategy.rollingUpdate).to.deep.equal({ maxUnavailable: 0, maxSurge: 1 });
    const wait = pod.containers[0].lifecycle.preStop.sleep.seconds;
    const drain = Number.parseInt(
      parse(one(objects, 'ConfigMap', 'se-spot-expander-server')['data']['config.yaml']).drain_grace,
      10,
    );
    expect(pod.terminationGracePeriodSeconds).to.be.above(wait + drain);
  });

  for (const [message, limit] of [
    ['512Mi', '1328Mi'],
    ['128Mi', '445Mi'],
    ['64Mi', '384Mi'],
    ['1Mi', '384Mi'],
    ['1Gi', '2506Mi'],
    ['1.5Gi', '3683Mi'],
  ])
    it(`may use ${limit} with messages of ${message}`, () => {
      const server = one(
        rendered({ values: { server: { maxMessageSize: message } } }),
        'Deployment',
        'se-spot-expander-server',
      );
      const { requests, limits } = server['spec'].template.spec.containers[0].resources;
      expect(limits.memory).to.equal(limit);
      // A pod that asks for more than it may have is refused.
      expect(Number.parseInt(requests.memory, 10)).to.be.at.most(Number.parseInt(limits.memory, 10));
    });

  it('leaves its replicas to an autoscaler where there is one', () => {
    const scaled = rendered(everything);
    expect(one(scaled, 'Deployment', 'se-spot-expander-server')['spec']).to.not.have.property('replicas');
    expect(one(scaled, 'HorizontalPodAutoscaler', 'se-spot-expander-server')['spec'].minReplicas).to.equal(2);
    expect(kindsOf(objects).join()).to.not.contain('HorizontalPodAutoscaler');
  });

  it('starts anew when its configuration changes, and only then', () => {
    const hash = (values: object) =>
      one(rendered({ values }), 'Deployment', 'se-spot-expander-server')['spec'].template.metadata
        .annotations['spot-expander.io/config-sha256'];
    expect(hash({ server: { config: { log_level: 'debug' } } })).to.not.equal(hash({}));
    expect(hash({ agent: { config: { dry_run: true } } })).to.equal(hash({}));
  });
});

describe('the agent', () => {
  const objects = rendered();
  const pod = one(objects, 'DaemonSet', 'se-spot-expander-agent')['spec'].template.spec;

  it('runs on every kind of Spot node, whatever taints it has, and nowhere else', () => {
    const terms = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    expect(
      terms.map((term: { matchExpressions: { key: string }[] }) => term.matchExpressions[0]?.key),
    ).to.deep.equal([
      'eks.amazonaws.com/capacityType',
      'karpenter.sh/capacity-type',
      'node.kubernetes.io/lifecycle',
      'node-role.kubernetes.io/spot-worker',
      'lifecycle',
      'aws.amazon.com/spot',
      'node-lifecycle',
      'spotinst.io/node-lifecycle',
      'cluster.x-k8s.io/interruptible',
      'machine.openshift.io/interruptible-instance',
    ]);
    expect(JSON.stringify(terms)).to.contain(
      '{"key":"aws.amazon.com/spot","operator":"In","values":["true"]}',
    );
    expect(pod.tolerations).to.deep.equal([{ operator: 'Exists' }]);
    expect(pod.priorityClassName).to.equal('system-node-critical');
  });

  it('has time to carry an evacuation to its end', () => {
    const config = parse(one(objects, 'ConfigMap', 'se-spot-expander-agent')['data']['config.yaml']);
    expect(pod.terminationGracePeriodSeconds).to.be.above(Number.parseInt(config.shutdown_grace, 10));
  });

  it('is on the host network or off it, with the DNS and the network policy that belong to it', () => {
    expect(pod.hostNetwork).to.equal(true);
    expect(pod.dnsPolicy).to.equal('ClusterFirstWithHostNet');
    expect(kindsOf(objects)).to.not.include('NetworkPolicy/se-spot-expander-agent');
    const off = rendered(everything);
    const other = one(off, 'DaemonSet', 'se-spot-expander-agent')['spec'].template.spec;
    expect(other).to.not.have.any.keys('hostNetwork', 'dnsPolicy');
    const egress = JSON.stringify(one(off, 'NetworkPolicy', 'se-spot-expander-agent')['spec'].egress);
    expect(egress).to.contain('169.254.169.254/32');
  });

  it('is wholly absent where it is off', () => {
    const kinds = kindsOf(rendered({ values: { agent: { enabled: false } } })).join();
    expect(kinds).to.not.match(/agent|own-node|release/);
  });
});

describe('jobs', () => {
  it('are absent without storage', () => {
    expect(kindsOf(rendered()).join()).to.not.match(/CronJob|collect|train|PersistentVolumeClaim/);
  });

  it('take one region an index, and write where the server looks', () => {
    const objects = rendered(everything);
    for (const name of ['collect', 'train']) {
      const { spec } = one(objects, 'CronJob', `se-spot-expander-${name}`)['spec'].jobTemplate;
      expect(spec).to.include({ completionMode: 'Indexed', completions: 3, parallelism: 3 });
      const args: string[] = spec.template.spec.containers[0].args;
      expect(args[0]).to.equal(name);
      expect(args[args.indexOf('--shard') + 1]).to.equal('$(JOB_COMPLETION_INDEX)/3');
      expect(args[args.indexOf('--region') + 1]).to.equal('ap-south-1,us-east-1,eu-central-1');
    }
    const config = parse(one(objects, 'ConfigMap', 'se-spot-expander-server')['data']['config.yaml']);
    expect(config.static_data).to.equal('/var/lib/spot-expander-data/static/ap-south-1.json');
    expect(config.model).to.equal('/var/lib/spot-expander-data/models/ap-south-1/family-stress-12h.onnx');
  });

  it('take so many regions at once as is said', () => {
    const objects = rendered({
      values: {
        storage: { kind: 'volume' },
        regions: ['ap-south-1', 'us-east-1', 'eu-central-1'],
        train: { parallelism: 1 },
      },
    });
    const jobs = ['collect', 'train'].map(
      (name) => one(objects, 'CronJob', `se-spot-expander-${name}`)['spec'].jobTemplate.spec.parallelism,
    );
    expect(jobs).to.deep.equal([3, 1]);
  });

  it('go to S3 with the same paths, and mount no volume', () => {
    const objects = rendered({ values: { storage: { kind: 's3', s3: { uri: 's3://bucket/spot/' } } } });
    const config = parse(one(objects, 'ConfigMap', 'se-spot-expander-server')['data']['config.yaml']);
    expect(config.static_data).to.equal('s3://bucket/spot/static/ap-south-1.json');
    expect(JSON.stringify(podsOf(objects))).to.not.contain('persistentVolumeClaim');
  });

  it('keep what was collected when the release goes', () => {
    const claim = one(rendered(everything), 'PersistentVolumeClaim', 'se-spot-expander-data');
    expect(claim['metadata'].annotations['helm.sh/resource-policy']).to.equal('keep');
  });
});

describe('monitoring', () => {
  it('is there where the cluster knows its kinds, and absent elsewhere', () => {
    const names = [
      'PodMonitor/se-spot-expander-agent',
      'PodMonitor/se-spot-expander-server',
      'PrometheusRule/se-spot-expander',
    ];
    expect(kindsOf(rendered({ apis: ['monitoring.coreos.com/v1'] }))).to.include.members(names);
    expect(kindsOf(rendered()).join()).to.not.match(/PodMonitor|PrometheusRule/);
    const off = { podMonitor: { enabled: false }, prometheusRule: { enabled: false } };
    expect(
      kindsOf(rendered({ values: { monitoring: off }, apis: ['monitoring.coreos.com/v1'] })).join(),
    ).to.not.match(/PodMonitor|PrometheusRule/);
    const on = { podMonitor: { enabled: true }, prometheusRule: { enabled: true } };
    expect(kindsOf(rendered({ values: { monitoring: on } }))).to.include.members(names);
  });

  it('carries the alerts and the dashboard as they are', () => {
    const objects = rendered(everything);
    const rules: unknown = parse(readFileSync(`${chartPath}/files/alerts.yaml`, 'utf8'));
    expect(one(objects, 'PrometheusRule', 'se-spot-expander')['spec']).to.deep.equal(rules);
    const dashboard: unknown = JSON.parse(readFileSync(`${chartPath}/files/dashboard.json`, 'utf8'));
    expect(
      JSON.parse(one(objects, 'ConfigMap', 'se-spot-expander-dashboard')['data']['spot-expander.json']),
    ).to.deep.equal(dashboard);
  });
});

describe('names', () => {
  it('another name changes what objects are called, and not the label that agents are waited for by', () => {
    const objects = rendered({ values: { nameOverride: 'expander' } });
    const { metadata } = one(objects, 'DaemonSet', 'se-expander-agent');
    expect(metadata.labels['app.kubernetes.io/name']).to.equal('spot-expander');
  });

  it('stay within what Kubernetes takes, and apart, however long the release is called', () => {
    const release = 'a-very-long-release-name-that-helm-still-takes-012345';
    const kinds = kindsOf(rendered({ ...everything, release }));
    for (const [kind = '', name = ''] of kinds.map((one) => one.split('/')))
      // A CronJob's name is the stem of its Jobs' names.
      expect(name.length, name).to.be.at.most(kind === 'CronJob' ? 52 : 63);
    expect(new Set(kinds).size).to.equal(kinds.length);
  });
});
