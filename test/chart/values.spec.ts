import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chartDocuments } from '../../scripts/chart/chart-documents.ts';
import { documentedValues } from '../../scripts/chart/values-comments.ts';
import { agentConfig } from '../../src/config/agent-config.ts';
import { serveConfig } from '../../src/config/serve-config.ts';
import { everyAddress } from '../../src/config/value-types.ts';
import { settingsFile } from '../../src/config/settings-file.ts';
import { chartPath, helms, one, rendered, type Helm } from './rendered.ts';

describe('the chart’s values', () => {
  it('every one is documented, and the table and the schema are those of the values (npm run docs)', async () => {
    for (const [name, text] of await chartDocuments())
      expect(readFileSync(join(chartPath, name), 'utf8'), name).to.equal(text);
  });

  it('a value without a comment is named', () => {
    expect(() => documentedValues('# -- all right\na: 1\nb:\n  # -- fine\n  c: 2\n  d: 3\n')).to.throw('b.d');
  });

  for (const which of Object.keys(helms) as Helm[])
    for (const [what, values, sentence] of [
      ['a mistyped key', { server: { replica: 3 } }, /server.*replica['"]? (is )?not allowed/],
      [
        'a mistyped setting of the server',
        { server: { config: { max_crash_probabilty: 0.9 } } },
        /config.*max_crash_probabilty/,
      ],
      ['a mistyped setting of the agent', { agent: { config: { rebalence: 'drain' } } }, /agent.*rebalence/],
      ['a setting that the chart makes itself', { server: { config: { tls_cert: '/x' } } }, /tls_cert/],
      ['a key at the top', { agents: {} }, /agents/],
      ['an unknown TLS mode', { tls: { mode: 'magic' } }, /tls.*mode/],
      ['no region', { region: '' }, /which AWS region are the node groups in/],
      ['a region that is none', { region: 'Mumbai' }, /region/],
      ['S3 without a bucket', { storage: { kind: 's3' } }, /which bucket/],
      [
        'an existing secret without its name',
        { tls: { mode: 'existingSecret' } },
        /which Secret has the certificate/,
      ],
      ['a size in a unit of its own', { server: { maxMessageSize: '512MB' } }, /maxMessageSize/],
      [
        'a variable from a Secret',
        {
          server: {
            extraEnv: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'hidden', key: 'token' } } }],
          },
        },
        /secretKeyRef/,
      ],
      ['a label of hours that no model has', { train: { labelHours: 13 } }, /labelHours/],
    ] as const)
      it(`${what} is refused by ${which} with a sentence`, () => {
        expect(() => rendered({ helm: which, values })).to.throw(sentence);
      });

  it('what the server reads is a configuration that it takes, with settings passed through', () => {
    const objects = rendered({
      values: {
        storage: { kind: 'volume' },
        server: {
          config: { max_crash_probability: 0.7, formula: 'classic', auto_scaling_groups: false },
          nodeGroups: [
            {
              match: { id: '^spot-' },
              instance_types: ['m5.large'],
              zones: ['ap-south-1a'],
              capacity_type: 'spot',
            },
          ],
        },
      },
    });
    const config = serveConfig({
      flags: {},
      environment: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      configFile: fileOf(objects, 'server'),
      prod: false,
    });
    expect(config).to.deep.include({
      mode: 'PROD',
      region: 'ap-south-1',
      max_crash_probability: 0.7,
      formula: 'classic',
      auto_scaling_groups: false,
      grpc_listen: { host: everyAddress, port: 9443 },
      max_message_size: 512 * 2 ** 20,
      state_dir: '/var/lib/spot-expander',
    });
    expect(config.nodeGroups).to.have.length(1);
  });

  it('TEST mode listens where probes and the Service reach it', () => {
    const config = serveConfig({
      flags: {},
      environment: {},
      configFile: fileOf(rendered({ values: { server: { mode: 'TEST' } } }), 'server'),
      prod: false,
    });
    expect([config.mode, config.grpc_listen.host, config.http_listen.host]).to.deep.equal([
      'TEST',
      everyAddress,
      everyAddress,
    ]);
  });

  it('what the agent reads is a configuration that it takes', () => {
    const path = fileOf(
      rendered({ values: { agent: { config: { rebalance: 'cordon', max_drains: 3 }, httpPort: 8099 } } }),
      'agent',
    );
    const { settings, nodeName } = agentConfig({
      flags: {},
      environment: { NODE_NAME: 'n' },
      file: settingsFile(path),
    });
    expect(nodeName).to.equal('n');
    expect(settings).to.deep.include({
      rebalance: 'cordon',
      max_drains: 3,
      http_listen: { host: everyAddress, port: 8099 },
      shutdown_grace: 110_000,
    });
  });
});

function fileOf(objects: Parameters<typeof one>[0], component: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'chart-config-')), 'config.yaml');
  const { data } = one(objects, 'ConfigMap', `se-spot-expander-${component}`) as {
    data: Record<string, string>;
  };
  writeFileSync(path, data['config.yaml'] ?? '');
  return path;
}
