/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { expect } from 'chai';
import { parse } from 'yaml';
import { combinations } from './combinations.ts';
import { kindsOf, one, podsOf, rendered, type KubeObject } from './rendered.ts';

const name = (component: string) => `se-spot-expander-${component}`;
const deployment = (objects: readonly KubeObject[]) => one(objects, 'Deployment', name('server'))['spec'];
const daemonSet = (objects: readonly KubeObject[]) => one(objects, 'DaemonSet', name('agent'))['spec'];
const terms = (objects: readonly KubeObject[]) =>
  daemonSet(objects).template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
    .nodeSelectorTerms as KubeObject[];

describe('values that users know from other charts', () => {
  const objects = rendered(combinations['what others of these charts have']);
  const server = deployment(objects);
  const agent = daemonSet(objects);

  it('an account of one’s own is not made again, and what is bound to the agent’s is bound to it by any name', () => {
    expect(server.template.spec.serviceAccountName).to.equal('mine');
    expect(kindsOf(objects)).to.not.include('ServiceAccount/mine');
    expect(agent.template.spec.serviceAccountName).to.equal('theirs');
    expect(kindsOf(objects)).to.include('ServiceAccount/theirs');
    const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    expect(policies).to.have.length(4);
    for (const { spec } of policies)
      expect(spec.matchConditions[0].expression).to.include("'system:serviceaccount:spot:theirs'");
    const bound = rendered({ values: { agent: { serviceAccount: { create: false, name: 'theirs' } } } });
    for (const { roleRef, subjects } of bound.filter(({ kind }) => /RoleBinding$/.test(kind)))
      if (roleRef.name.includes('agent')) expect(subjects[0].name).to.equal('theirs');
  });

  it('an account that is not made needs a name, and says so', () => {
    for (const component of ['server', 'agent', 'collect'])
      expect(() =>
        rendered({
          values: { storage: { kind: 'volume' }, [component]: { serviceAccount: { create: false } } },
        }),
      ).to.throw(`${component}.serviceAccount.name: which account does it run as?`);
  });

  it('without rbac.create there is no role and no binding, and the policies stay', () => {
    expect(kindsOf(objects).join()).to.not.match(/Role/);
    expect(kindsOf(objects)).to.include('ValidatingAdmissionPolicy/se-spot-expander-own-node');
  });

  it('security contexts lie over those of every pod, and null takes a key away', () => {
    for (const { name: pod, spec } of podsOf(objects))
      expect(spec['securityContext'], pod).to.not.have.any.keys('runAsUser', 'runAsGroup', 'fsGroup');
    expect(agent.template.spec.securityContext).to.deep.include({
      runAsNonRoot: true,
      supplementalGroups: [7],
    });
    expect(server.template.spec.containers[0].securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seLinuxOptions: { level: 's0' },
      capabilities: { drop: ['ALL'] },
    });
  });

  it('what the agent’s node must be holds beside each of the Spot terms; without terms it holds alone', () => {
    const usual = terms(rendered());
    expect(terms(objects)).to.have.length(usual.length);
    for (const [index, { matchExpressions }] of terms(objects).entries())
      expect(matchExpressions).to.deep.equal([
        ...(usual[index]?.['matchExpressions'] ?? []),
        { key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] },
      ]);
    expect(agent.template.spec.nodeSelector).to.deep.equal({ 'kubernetes.io/os': 'linux' });
    const everywhere = daemonSet(rendered({ values: { agent: { spotNodeSelectorTerms: [] } } })).template
      .spec;
    expect(everywhere).to.not.have.property('affinity');
    const preferred = {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } },
        ],
      },
    };
    const beside = daemonSet(rendered({ values: { agent: { affinity: preferred } } })).template.spec.affinity;
    expect(beside.podAffinity).to.deep.equal(preferred.podAffinity);
    expect(
      beside.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms,
    ).to.deep.equal(usual);
  });

  it('update strategies are Kubernetes’ own, without what belongs to another', () => {
    expect(server.strategy).to.deep.equal({ type: 'Recreate' });
    expect(agent.updateStrategy).to.deep.equal({ type: 'OnDelete' });
    expect(daemonSet(rendered()).updateStrategy.rollingUpdate).to.deep.equal({ maxUnavailable: '10%' });
  });

  it('names are resolved as is said', () => {
    expect(server.template.spec).to.deep.include({
      dnsPolicy: 'Default',
      dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
    });
    expect(agent.template.spec.dnsPolicy).to.equal('Default');
  });

  it('a spread constraint without a selector means the server’s pods of one version', () => {
    expect(server.template.spec.topologySpreadConstraints).to.deep.equal([
      {
        topologyKey: 'topology.kubernetes.io/zone',
        maxSkew: 2,
        whenUnsatisfiable: 'ScheduleAnyway',
        matchLabelKeys: ['pod-template-hash'],
        labelSelector: { matchLabels: server.selector.matchLabels },
      },
    ]);
  });

  it('the Service has both families where the cluster has both, and shows the world its gRPC port alone', () => {
    const usual = one(rendered(), 'Service', name('server'))['spec'];
    expect(usual).to.include({ type: 'ClusterIP', ipFamilyPolicy: 'PreferDualStack' });
    expect(usual).to.not.have.property('ipFamilies');
    const dual = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    expect(
      one(rendered({ values: { server: { service: dual } } }), 'Service', name('server'))['spec'],
    ).to.deep.include(dual);
    const shown = one(objects, 'Service', name('server'));
    expect(shown['spec']).to.deep.include({
      type: 'LoadBalancer',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
    });
    expect(shown['spec'].ports.map((port: KubeObject) => port['name'])).to.deep.equal(['grpc']);
    expect(shown['metadata'].labels.team).to.equal('a');
  });

  it('listens on every address, so that probes reach pods that have IPv6 alone', () => {
    const configs = ['server', 'agent'].map((component) =>
      parse(one(rendered(), 'ConfigMap', name(component))['data']['config.yaml']),
    );
    expect(configs.map(({ http_listen }) => http_listen)).to.deep.equal([':8000', ':8090']);
    expect(configs[0].grpc_listen).to.equal(':9443');
  });

  it('probes and metrics of the server have a port of their own, which its bounds and the network policy know', () => {
    const usual = rendered({ apis: ['monitoring.coreos.com/v1'] });
    const pod = deployment(usual).template.spec.containers[0];
    expect(pod.ports).to.deep.include({ name: 'probes', containerPort: 9090 });
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(pod[probe].httpGet.port, probe).to.equal('probes');
    expect(parse(one(usual, 'ConfigMap', name('server'))['data']['config.yaml']).probe_listen).to.equal(
      ':9090',
    );
    const monitor = one(usual, 'PodMonitor', name('server'))['spec'];
    expect(monitor.podMetricsEndpoints[0].port).to.equal('probes');
    const { ingress } = one(
      rendered({ values: { networkPolicy: { monitoringNamespace: 'monitoring' } } }),
      'NetworkPolicy',
      name('server'),
    )['spec'];
    const from = (port: string) => ingress.find((rule: KubeObject) => rule['ports'][0].port === port).from;
    expect(from('probes')).to.deep.equal([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ]);
    expect(from('http')).to.deep.equal([
      { podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'se' } } },
    ]);
  });

  it('the agent’s health goes to loopback where its metrics have a port of their own on the node', () => {
    const values = (hostNetwork: boolean) => ({ agent: { hostNetwork, metricsPort: 8091 } });
    for (const hostNetwork of [true, false]) {
      const made = rendered({ values: values(hostNetwork), apis: ['monitoring.coreos.com/v1'] });
      const [container] = daemonSet(made).template.spec.containers;
      const config = parse(one(made, 'ConfigMap', name('agent'))['data']['config.yaml']);
      expect(config.http_listen).to.equal(hostNetwork ? '127.0.0.1:8090' : ':8090');
      expect(config.metrics_listen).to.equal(':8091');
      expect(container.livenessProbe.httpGet).to.deep.equal({
        path: '/healthz',
        port: 'http',
        ...(hostNetwork && { host: '127.0.0.1' }),
      });
      expect(container.ports.map((port: KubeObject) => port['name'])).to.deep.equal(['http', 'metrics']);
      expect(one(made, 'PodMonitor', name('agent'))['spec'].podMetricsEndpoints[0].port).to.equal('metrics');
    }
  });

  it('the API’s token comes as a file of a Secret', () => {
    const made = rendered({ values: { server: { apiTokenSecret: { name: 'api' } } } });
    const config = parse(one(made, 'ConfigMap', name('server'))['data']['config.yaml']);
    const { volumes, containers } = deployment(made).template.spec;
    const mount = containers[0].volumeMounts.find((each: KubeObject) => each['name'] === 'api-token');
    expect(config.api_token_file).to.equal(`${mount.mountPath}/token`);
    expect(volumes.find((each: KubeObject) => each['name'] === 'api-token').secret.secretName).to.equal(
      'api',
    );
  });

  it('`helm test` sends the API’s token where there is one, and mounts none where there is not', () => {
    const made = rendered({ values: { server: { apiTokenSecret: { name: 'api', key: 'of-ours' } } } });
    const { volumes, containers } = one(made, 'Pod', name('test'))['spec'];
    const mount = containers[0].volumeMounts.find((each: KubeObject) => each['name'] === 'api-token');
    expect(containers[0].args.join(' ')).to.include(` --server-token-file ${mount.mountPath}/token `);
    expect(volumes.find((each: KubeObject) => each['name'] === 'api-token').secret).to.deep.equal({
      secretName: 'api',
      items: [{ key: 'of-ours', path: 'token' }],
    });
    const open = one(rendered(), 'Pod', name('test'))['spec'];
    expect(JSON.stringify(open)).to.not.include('token-file').and.not.include('api-token');
  });

  it('ServiceMonitors stand in for PodMonitors, each with a Service that it finds, and never scrape twice', () => {
    const kinds = kindsOf(objects);
    expect(kinds.join()).to.not.include('PodMonitor');
    for (const component of ['server', 'agent']) {
      const { metadata, spec } = one(objects, 'ServiceMonitor', name(component));
      expect(metadata.labels.release).to.equal('prometheus');
      const services = objects.filter(
        (object) =>
          object['kind'] === 'Service' &&
          Object.entries(spec.selector.matchLabels).every(
            ([key, value]) => object['metadata'].labels[key] === value,
          ),
      );
      expect(services.map((service) => service['metadata'].name)).to.deep.equal([
        `${name(component)}-metrics`,
      ]);
      expect(services[0]?.['spec'].clusterIP).to.equal('None');
      const ports = services[0]?.['spec'].ports as KubeObject[];
      expect(spec.endpoints.map(({ port }: KubeObject) => port)).to.deep.equal(
        ports.map((port) => port['name']),
      );
      const pods = component === 'server' ? server : agent;
      const open = pods.template.spec.containers[0].ports as KubeObject[];
      for (const { targetPort, port } of ports)
        expect(open).to.deep.include.members([
          open.find((each) => each['name'] === targetPort && each['containerPort'] === port),
        ]);
    }
    const both = { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } };
    expect(() => rendered({ values: { monitoring: both } })).to.throw(/scraped twice/);
  });

  it('the webhook’s URL, headers, template and key come as files', () => {
    const { volumes, containers } = agent.template.spec;
    const config = parse(one(objects, 'ConfigMap', name('agent'))['data']['config.yaml']);
    const files = volumes
      .find((volume: KubeObject) => volume['name'] === 'webhook')
      .projected.sources.map((source: KubeObject) => source['secret'] ?? source['configMap']);
    expect(files.map((file: KubeObject) => [file['name'], file['items'][0]])).to.deep.equal([
      ['hook', { key: 'url', path: 'url' }],
      ['hook', { key: 'headers', path: 'headers' }],
      ['body', { key: 'slack.json', path: 'template' }],
      ['pager', { key: 'key', path: 'key' }],
    ]);
    const mount = containers[0].volumeMounts.find((one: KubeObject) => one['name'] === 'webhook').mountPath;
    expect(config).to.include({
      webhook_url_file: `${mount}/url`,
      webhook_headers_file: `${mount}/headers`,
      webhook_template_file: `${mount}/template`,
      webhook_key_file: `${mount}/key`,
    });
    const twice = { templateSecret: { name: 'a' }, templateConfigMap: { name: 'b' } };
    expect(() => rendered({ values: { agent: { webhook: twice } } })).to.throw(/not from both/);
  });

  it('more arguments follow the chart’s own', () => {
    expect(server.template.spec.containers[0].args.slice(-2)).to.deep.equal(['--log-level', 'debug']);
    expect(agent.template.spec.containers[0].args.at(-1)).to.equal('--dry-run');
  });

  it('every image comes from the registry that is said, also by a global value, with its pull secret', () => {
    for (const { name: pod, spec } of podsOf(objects)) {
      expect(spec['containers'][0].image, pod).to.equal('registry.example.com/spot-expander:0.1.0');
      expect(spec['imagePullSecrets'], pod).to.deep.equal([{ name: 'pull' }]);
    }
    const image = { registry: 'mine.example.com/', digest: `sha256:${'0'.repeat(64)}` };
    const own = deployment(rendered({ values: { image, global: { imageRegistry: 'theirs.example.com' } } }));
    expect(own.template.spec.containers[0].image).to.equal(`mine.example.com/spot-expander@${image.digest}`);
  });
});
