/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-argument -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { parse } from 'yaml';
import { kindsOf, notes, one, podsOf, rendered, type KubeObject } from './rendered.ts';

const pem = (secret: KubeObject, key: string) => Buffer.from(secret['data'][key], 'base64').toString('utf8');

describe('certificates', () => {
  it('generated: the pair belongs together, is signed by the CA, and is for the name that the notes give', () => {
    const objects = rendered({ values: { tls: { extraDnsNames: ['expander.example.com'] } } });
    const secret = one(objects, 'Secret', 'se-spot-expander-tls');
    const leaf = new X509Certificate(pem(secret, 'tls.crt'));
    const ca = new X509Certificate(pem(one(objects, 'Secret', 'se-spot-expander-ca'), 'ca.crt'));
    expect(leaf.checkPrivateKey(createPrivateKey(pem(secret, 'tls.key')))).to.equal(true);
    expect(leaf.verify(ca.publicKey)).to.equal(true);
    expect(ca.ca).to.equal(true);
    for (const host of [
      'se-spot-expander-server.spot.svc',
      'se-spot-expander-server.spot.svc.cluster.local',
      'localhost',
      'expander.example.com',
    ])
      expect(leaf.checkHost(host), host).to.not.equal(undefined);
    expect(leaf.checkHost('se-spot-expander-server.other.svc')).to.equal(undefined);
  });

  it('the autoscaler’s namespace gets the CA’s certificate and nothing else, in every mode', () => {
    for (const tls of [
      {},
      { mode: 'certManager' },
      { mode: 'existingSecret', existingSecret: { name: 'mine' } },
    ]) {
      const objects = rendered({ values: { tls, clusterAutoscaler: { namespace: 'scaling' } } });
      const there = objects.filter(
        ({ kind, metadata }) => kind === 'Secret' && metadata.namespace === 'scaling',
      );
      expect(there).to.have.length(1);
      expect(there[0]?.['metadata'].name).to.equal('se-spot-expander-ca');
      expect(Object.keys(there[0]?.['data'] ?? { 'ca.crt': '' })).to.deep.equal(['ca.crt']);
    }
  });

  it('from cert-manager: a CA of the release’s own that outlives the leaf, or the issuer that is named', () => {
    const own = rendered({ values: { tls: { mode: 'certManager' } } });
    expect(kindsOf(own)).to.include.members([
      'Certificate/se-spot-expander-ca',
      'Certificate/se-spot-expander-tls',
      'Issuer/se-spot-expander-ca',
      'Issuer/se-spot-expander-self-signed',
      'Job/se-spot-expander-publish-ca',
    ]);
    const issuerRef = { name: 'company', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const named = rendered({ values: { tls: { mode: 'certManager', certManager: { issuerRef } } } });
    expect(one(named, 'Certificate', 'se-spot-expander-tls')['spec'].issuerRef).to.deep.equal(issuerRef);
    expect(kindsOf(named).join()).to.not.match(/Issuer/);
  });

  it('an existing secret is mounted by its name, and no certificate is made', () => {
    const objects = rendered({
      values: { tls: { mode: 'existingSecret', existingSecret: { name: 'mine' } } },
    });
    expect(kindsOf(objects).join()).to.not.match(/Secret\/se-spot-expander-tls|Certificate|ca-key/);
    const server = podsOf(objects).find(({ name }) => name.startsWith('Deployment'));
    expect(server?.spec['volumes'].find(({ name }: KubeObject) => name === 'tls').secret.secretName).to.equal(
      'mine',
    );
  });
});

describe('the notes', () => {
  for (const [release, namespace] of [
    ['se', 'spot'],
    ['spot-expander', 'kube-system'],
    ['prod-spot-expander', 'scaling'],
  ] as const)
    it(`of ${release} in ${namespace} say what is true of its objects`, () => {
      const text = notes({}, release, namespace);
      const objects = rendered({ release, namespace });
      const values = parse(
        text.slice(text.indexOf('extraArgs:'), text.indexOf('   The autoscaler reads')),
      ) as KubeObject;
      const url = String(values['extraArgs']['grpc-expander-url']);
      const [host = '', port] = url.split(':');
      const [service = '', where] = host.split('.');
      const ports = one(objects, 'Service', service)['spec'].ports as KubeObject[];
      expect(where).to.equal(namespace);
      expect(ports.find((each) => each['name'] === 'grpc')?.['port']).to.equal(Number(port));
      const [[secret, mount]] = Object.entries(values['extraVolumeSecrets']) as [[string, KubeObject]];
      expect(one(objects, 'Secret', secret)['metadata'].namespace).to.equal('kube-system');
      expect(mount['items']).to.deep.equal([{ key: 'ca.crt', path: 'ca.crt' }]);
      expect(values['extraArgs']['grpc-expander-cert']).to.equal(`${mount['mountPath']}/ca.crt`);
      expect(values['extraArgs'].expander).to.equal('grpc,least-waste');
      const tls = objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name.endsWith('-tls'));
      expect(new X509Certificate(pem(tls ?? {}, 'tls.crt')).checkHost(host)).to.equal(host);
      const grpcurl = text.split('\n').find((line) => line.startsWith('grpcurl '));
      expect(grpcurl).to.contain(`-authority ${host}`);
    });

  it('tell of jobs where there is storage, of TEST mode, and of what GitOps does to a generated certificate', () => {
    expect(notes())
      .to.match(/Nothing is collected/)
      .and.match(/GitOps/);
    expect(notes({ storage: { kind: 'volume' } })).to.contain(
      'create job --from=cronjob/se-spot-expander-collect',
    );
    expect(notes({ server: { mode: 'TEST' } })).to.contain('runs in TEST');
  });

  it('ask with the API’s token where one is wanted', () => {
    const asking = (values: object): string =>
      notes(values)
        .split('\n')
        .find((line) => line.startsWith('grpcurl ')) ?? '';
    expect(asking({ server: { apiTokenSecret: { name: 'api', key: 'of-ours' } } })).to.contain(
      `-H "authorization: Bearer $(kubectl -n spot get secret api -o 'go-template={{index .data "of-ours" | base64decode}}')" -authority`,
    );
    expect(asking({})).to.not.contain('authorization');
  });
});
