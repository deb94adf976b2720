/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { expect } from 'chai';
import { kindsOf, podsOf, rendered, type KubeObject } from './rendered.ts';

const everything = rendered({
  values: {
    storage: { kind: 'volume' },
    agent: { karpenter: true, webhook: { headersSecret: 'hook' } },
    tls: { mode: 'certManager' },
  },
});

/** Rules of every account as `apiGroup/resource[/name] verbs where`. */
function rightsOf(objects: readonly KubeObject[]): Record<string, string[] | undefined> {
  const rights: Record<string, string[] | undefined> = {};
  for (const { kind, metadata, roleRef, subjects } of objects) {
    if (kind !== 'RoleBinding' && kind !== 'ClusterRoleBinding') continue;
    const role = objects.find(
      (object) =>
        object['kind'] === roleRef.kind &&
        object['metadata'].name === roleRef.name &&
        object['metadata'].namespace === metadata.namespace,
    );
    for (const { name } of subjects)
      for (const { apiGroups, resources, resourceNames, verbs } of role?.['rules'] ?? [])
        for (const resource of resources)
          (rights[name] = rights[name] ?? []).push(
            `${apiGroups.join()}/${resource}${resourceNames === undefined ? '' : `/${resourceNames.join()}`} ${verbs.join()}${metadata.namespace === undefined ? '' : ` in ${metadata.namespace}`}`,
          );
  }
  for (const list of Object.values(rights)) list?.sort();
  return rights;
}

describe('privileges', () => {
  it('each account has exactly what its process needs', () => {
    expect(rightsOf(everything)).to.deep.equal({
      'se-spot-expander-server': [
        '/configmaps/se-spot-expander-capacity get,watch,create,patch in spot',
        '/nodes list,watch',
      ],
      'se-spot-expander-agent': [
        '/events create in default',
        '/namespaces list',
        '/nodes get,patch',
        '/nodes/status patch',
        '/pods list,delete',
        '/pods/eviction create',
        '/services list',
        'coordination.k8s.io/leases list,create,update in spot',
        'karpenter.sh/nodeclaims list,patch,delete',
        'karpenter.sh/nodepools get',
      ],
      'se-spot-expander-publish-ca': ['/secrets/se-spot-expander-ca patch in kube-system'],
      'se-spot-expander-release': [
        '/nodes get,list,patch',
        '/nodes/status patch',
        '/pods list in spot',
        'coordination.k8s.io/leases list,delete in spot',
        'karpenter.sh/nodeclaims list,patch',
      ],
    });
  });

  it('Events of pods may be written where such were asked for, and only there', () => {
    const asked = rendered({ values: { agent: { config: { pod_events: true } } } });
    expect(rightsOf(asked)['se-spot-expander-agent']).to.include('/events create');
  });

  it("Karpenter's objects are out of reach where there is no Karpenter", () => {
    expect(JSON.stringify(rightsOf(rendered()))).to.not.contain('karpenter');
  });

  it('every process has an account of its own, and only those that talk to the cluster get a token', () => {
    const accounts = podsOf(everything).map(({ name, spec }) => [
      name,
      spec['serviceAccountName'],
      spec['automountServiceAccountToken'],
    ]);
    expect(accounts).to.have.deep.members([
      ['Deployment/se-spot-expander-server', 'se-spot-expander-server', true],
      ['DaemonSet/se-spot-expander-agent', 'se-spot-expander-agent', true],
      ['CronJob/se-spot-expander-collect', 'se-spot-expander-collect', false],
      ['CronJob/se-spot-expander-train', 'se-spot-expander-train', false],
      ['Job/se-spot-expander-publish-ca', 'se-spot-expander-publish-ca', true],
      ['Job/se-spot-expander-release-nodes', 'se-spot-expander-release', true],
      ['Pod/se-spot-expander-test', undefined, false],
    ]);
    for (const account of everything.filter(({ kind }) => kind === 'ServiceAccount'))
      expect(account['automountServiceAccountToken']).to.equal(false);
  });

  for (const { name, spec } of podsOf(everything)) {
    it(`${name} meets the restricted pod security standard${name.startsWith('DaemonSet') ? ' but for the host network' : ''}`, () => {
      expect(spec['securityContext']).to.deep.include({
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec['hostNetwork'] ?? false).to.equal(name.startsWith('DaemonSet'));
      expect(spec).to.not.have.any.keys('hostPID', 'hostIPC');
      for (const volume of spec['volumes']) expect(volume).to.not.have.property('hostPath');
      for (const container of spec['containers']) {
        expect(container.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container).to.not.have.property('command');
        expect(container.resources.requests).to.have.all.keys('cpu', 'memory');
        expect(container.resources.limits).to.have.property('memory');
      }
    });
    it(`${name} has no secret in its environment, and no key that it does not need`, () => {
      for (const { env = [], envFrom } of spec['containers']) {
        expect(envFrom).to.equal(undefined);
        for (const variable of env) expect(JSON.stringify(variable)).to.not.match(/secretKeyRef/);
      }
      const secrets = spec['volumes']
        .flatMap((volume: KubeObject) => [volume, ...(volume['projected']?.sources ?? [])])
        .flatMap(({ secret }: KubeObject) => (secret === undefined ? [] : secret.items))
        .map(({ key }: KubeObject) => key);
      const allowed = name.startsWith('Deployment')
        ? ['tls.crt', 'tls.key']
        : name.startsWith('DaemonSet')
          ? ['headers']
          : name.startsWith('CronJob') || name.includes('release')
            ? []
            : ['ca.crt'];
      expect(secrets).to.deep.equal(allowed);
    });
  }

  it('the policy names the account and the token claim, and fails closed', () => {
    for (const name of ['own-node', 'own-fields', 'own-words', 'own-node-evictions']) {
      const policy = everything.find(
        (object) =>
          object['kind'] === 'ValidatingAdmissionPolicy' &&
          object['metadata'].name === `se-spot-expander-${name}`,
      );
      expect(policy?.['spec'].failurePolicy).to.equal('Fail');
      expect(policy?.['spec'].matchConditions[0].expression).to.equal(
        "request.userInfo.username == 'system:serviceaccount:spot:se-spot-expander-agent'",
      );
      if (name !== 'own-fields')
        expect(JSON.stringify(policy)).to.contain('authentication.kubernetes.io/node-name');
      expect(kindsOf(everything)).to.include(`ValidatingAdmissionPolicyBinding/${policy?.['metadata'].name}`);
    }
  });

  it('every pod of ours that is off the host network has a network policy, which lets it reach what it needs', () => {
    const off = rendered({
      values: {
        storage: { kind: 'volume' },
        agent: { hostNetwork: false },
        tls: { mode: 'certManager' },
        networkPolicy: { instanceMetadata: true },
      },
    });
    const policies = off.filter(({ kind }) => kind === 'NetworkPolicy');
    expect(
      policies.map(({ spec }) => spec.podSelector.matchLabels['app.kubernetes.io/component']),
    ).to.have.members(['server', 'agent', 'collect', 'train', 'publish-ca', 'release']);
    for (const { metadata, spec } of policies) {
      expect(spec.policyTypes, String(metadata.name)).to.deep.equal(['Ingress', 'Egress']);
      expect(JSON.stringify(spec.egress), String(metadata.name)).to.contain('169.254.169.254/32');
    }
    const hook = policies.find(({ metadata }) => metadata.name === 'se-spot-expander-release');
    expect(hook?.['metadata'].annotations['helm.sh/hook']).to.equal('post-delete');
    const usual = everything.filter(({ kind }) => kind === 'NetworkPolicy');
    expect(JSON.stringify(usual)).to.not.contain('169.254.169.254');
  });

  it('only the autoscaler, and what is beside the server, may call its gRPC port', () => {
    const [policy] = everything.filter(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'se-spot-expander-server',
    );
    const grpc = policy?.['spec'].ingress.find((rule: KubeObject) => rule['ports'][0].port === 'grpc');
    expect(grpc.from).to.deep.equal([
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'aws-cluster-autoscaler' } },
      },
      { podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'se' } } },
    ]);
  });
});
