import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { agentPermissions } from '../../scripts/chart/agent-permissions.ts';
import { notes, rendered, type KubeObject } from './rendered.ts';

const missing = (values: object) => notes(values).split('WHAT IS MISSING')[1] ?? '';
const role = { serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/r' } } };
const image = { repository: 'registry.example.com/spot-expander' };

describe('what the notes miss', () => {
  it('a registry, where the image names none', () => {
    for (const name of [{}, { repository: 'team/spot-expander' }])
      expect(missing({ image: name, server: role })).to.include('names no registry');
    for (const name of [
      image,
      { registry: 'mine.example.com' },
      { repository: 'localhost/spot-expander' },
      { repository: 'registry:5000/spot-expander' },
    ])
      expect(missing({ image: name, server: role })).to.not.include('registry');
    expect(missing({ global: { imageRegistry: 'r.example.com' }, server: role })).to.not.include('registry');
  });

  it('a role of the server, and never one that is there in whatever way', () => {
    expect(missing({ image })).to.include('The server has no AWS role').and.include('aws.podIdentity');
    for (const values of [
      { server: role },
      { aws: { podIdentity: true } },
      { networkPolicy: { instanceMetadata: true } },
      { server: { extraEnv: [{ name: 'AWS_ROLE_ARN', value: 'arn' }] } },
      { server: { config: { market: 'static', auto_scaling_groups: false } } },
      { server: { mode: 'TEST' } },
    ])
      expect(missing({ image, ...values }), JSON.stringify(values)).to.not.include('role');
  });

  it('a wall around the port whose callers are believed, where nobody is named', () => {
    const open = { image, server: role, networkPolicy: { enabled: false } };
    expect(missing(open))
      .to.include('Whoever reaches port 9443 is believed')
      .and.include('autoscaler_callers');
    for (const values of [
      { networkPolicy: { enabled: true } },
      { server: { ...role, config: { autoscaler_callers: ['10.0.0.0/8'] } } },
      { server: { mode: 'TEST' } },
    ])
      expect(missing({ ...open, ...values }), JSON.stringify(values)).to.not.include('9443');
  });

  it('roles of the jobs, where they need one', () => {
    const volume = { image, server: role, storage: { kind: 'volume' } };
    expect(missing(volume)).to.include('collect has no AWS role').and.not.include('train has');
    const s3 = { ...volume, storage: { kind: 's3', s3: { uri: 's3://bucket' } } };
    expect(missing(s3)).to.include('collect has no AWS role').and.include('train has no AWS role');
    expect(missing({ ...s3, collect: role, train: role })).to.not.include('role');
    expect(missing({ ...s3, collect: { enabled: false }, train: { enabled: false } })).to.not.include('role');
  });

  it('knowledge of another region than the bundled one, where none is collected or given', () => {
    const there = { image, server: role, region: 'eu-central-1' };
    expect(missing(there)).to.include("Of eu-central-1 the image brings the Spot Advisor's bands");
    for (const values of [
      { region: 'ap-south-1' },
      { storage: { kind: 'volume' }, collect: role },
      { server: { ...role, config: { static_data: '/data/eu.json' } } },
    ])
      expect(missing({ ...there, ...values }), JSON.stringify(values)).to.not.include('the image brings');
  });

  it('a volume that several replicas can mount', () => {
    const storage = { kind: 'volume', volume: { accessModes: ['ReadWriteOnce'] } };
    const values = { image, collect: role, storage };
    expect(missing({ ...values, server: role })).to.include('mounted on one node only');
    expect(missing({ ...values, server: { ...role, replicas: 1 } })).to.not.include('mounted');
  });

  it('nothing, where all is there', () => {
    expect(notes({ image, server: role })).to.not.include('MISSING');
    expect(notes({ image, server: role, rbac: { create: false } })).to.include(
      'Roles and bindings are yours',
    );
  });
});

describe('docs/agent-permissions.yaml', () => {
  it('is what the chart gives an agent, to the letter (npm run docs)', () => {
    const page = readFileSync(new URL('../../docs/agent-permissions.yaml', import.meta.url), 'utf8');
    for (const helm of ['helm3', 'helm4'] as const) expect(agentPermissions(helm)).to.equal(page);
  });

  it('says the same as every object that the chart makes for it, but for Helm’s labels', () => {
    const page = readFileSync(new URL('../../docs/agent-permissions.yaml', import.meta.url), 'utf8');
    const documented = parseAllDocuments(page).map((document) => document.toJS() as KubeObject);
    const chart = rendered({
      release: 'spot-expander',
      namespace: 'kube-system',
      values: { agent: { karpenter: true } },
    })
      .filter(({ kind, metadata }) => {
        const { labels } = metadata as { labels: Record<string, string> };
        return (
          labels['app.kubernetes.io/component'] === 'agent' &&
          !['DaemonSet', 'ConfigMap'].includes(String(kind))
        );
      })
      .map((object) => {
        const { labels, ...metadata } = object['metadata'] as { labels: unknown };
        expect(labels).to.not.equal(undefined);
        return { ...object, metadata };
      });
    expect(chart).to.have.length.above(12);
    expect(documented).to.have.deep.members(chart);
  });
});
