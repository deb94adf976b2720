import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { everyAddress } from '../../../src/config/value-types.ts';
import { serveConfig, type ServeConfigInputs } from '../../../src/config/serve-config.ts';
import { UsageError } from '../../../src/errors/usage-error.ts';

const directory = mkdtempSync(join(tmpdir(), 'serve-config-'));

function fileWith(text: string): string {
  const path = join(directory, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(path, text);
  return path;
}

function config(inputs: Partial<ServeConfigInputs>) {
  return serveConfig({ flags: {}, environment: {}, configFile: undefined, prod: false, ...inputs });
}

function mistakes(inputs: Partial<ServeConfigInputs>): readonly string[] {
  try {
    config(inputs);
  } catch (error) {
    if (error instanceof UsageError) return error.mistakes;
    throw error;
  }
  throw new Error('expected a UsageError');
}

describe('the configuration of serve', () => {
  it('is TEST on loopback by default', () => {
    const one = config({});
    expect(one.mode).to.equal('TEST');
    expect(one.grpc_listen).to.deep.equal({ host: '127.0.0.1', port: 9443 });
    expect(one.http_listen).to.deep.equal({ host: '127.0.0.1', port: 8000 });
    expect(one.market).to.equal('static');
    expect(one.answer_budget).to.equal(2_000);
    expect(one.max_message_size).to.equal(512 * 1024 * 1024);
  });

  it('takes a flag over an environment variable over the file over the default', () => {
    const configFile = fileWith('max_crash_probability: 0.5\ncooldown: 1m\nregion: us-east-1\n');
    const environment = { SPOT_EXPANDER_MAX_CRASH_PROBABILITY: '0.6', AWS_REGION: 'eu-west-1' };
    const one = config({ configFile, environment, flags: { max_crash_probability: '0.7' } });
    expect([one.max_crash_probability, one.region, one.cooldown, one.affinity_weight]).to.deep.equal([
      0.7,
      'eu-west-1',
      60_000,
      0.1,
    ]);
  });

  it('takes the environment variables of the platform: ENV, API_PORT, RISK_MODEL_PATH, LOG_LEVEL', () => {
    const one = config({
      environment: { ENV: 'test', API_PORT: '8123', RISK_MODEL_PATH: '/m.onnx', LOG_LEVEL: 'WARNING' },
    });
    expect([one.mode, one.http_listen.port, one.model, one.log_level]).to.deep.equal([
      'TEST',
      8123,
      '/m.onnx',
      'warn',
    ]);
  });

  it('names every mistake at once, each with where it stands', () => {
    const configFile = fileWith('cooldown: soon\ngrpcListen: x\n');
    const found = mistakes({
      configFile,
      environment: { API_PORT: '' },
      flags: { max_crash_probability: '1.5', grpc_listen: 'nowhere' },
    });
    expect(found).to.have.lengthOf(4);
    expect(found.join('\n')).to.match(/--grpc-listen: must be HOST:PORT/);
    expect(found.join('\n')).to.match(/--max-crash-probability: must be a number from 0 to 1/);
    expect(found.join('\n')).to.match(/yaml: cooldown: must be a duration/);
    expect(found.join('\n')).to.match(/grpcListen is not a setting; did you mean grpc_listen\?/);
  });

  it('names the mistakes of node groups together with those of settings', () => {
    const groups =
      "node_groups:\n  - match: { id: '(' }\n    capacity_type: sport\n  - capacity_type: spot\n";
    const found = mistakes({ configFile: fileWith(`cooldown: soon\n${groups}`) }).join('\n');
    expect(found).to.match(/yaml: cooldown: must be a duration/);
    expect(found).to.match(/yaml: node_groups\.0\.match\.id: must be a regular expression/);
    expect(found).to.match(/yaml: node_groups\.0\.capacity_type: /);
    expect(found).to.match(/yaml: node_groups\.1\.match: /);
  });

  it('says how long an answer may take at most', () => {
    expect(mistakes({ flags: { answer_budget: '7s' } })).to.deep.equal([
      '--answer-budget: must be at most 5s (got "7s")',
    ]);
  });

  it('names the line of broken YAML', () => {
    expect(mistakes({ configFile: fileWith('a: 1\nb: [1\n') })[0]).to.match(/\.yaml:\d: /);
  });

  it('says so when the file does not exist', () => {
    expect(mistakes({ configFile: '/nowhere/x.yaml' })[0]).to.match(/\/nowhere\/x\.yaml cannot be read/);
  });

  it('refuses PROD without certificates and without a cluster, and says both', () => {
    const found = mistakes({ prod: true });
    expect(found).to.have.lengthOf(2);
    expect(found[0]).to.match(/PROD needs --tls-cert and --tls-key/);
    expect(found[1]).to.match(/PROD needs a cluster/);
  });

  it('listens on every address, also of IPv6, and reads EC2 in PROD', () => {
    const one = config({ prod: true, flags: { tls_cert: 'a', tls_key: 'b', kubeconfig: 'c' } });
    expect([one.grpc_listen.host, one.market, one.stale_prices, one.auto_scaling_groups]).to.deep.equal([
      everyAddress,
      'ec2',
      'ignore',
      true,
    ]);
  });

  it('refuses a certificate without its key', () => {
    expect(mistakes({ flags: { tls_cert: 'a' } })[0]).to.match(/go together/);
  });

  it('reads node group descriptions and names what is wrong in them', () => {
    const good = fileWith(
      'node_groups:\n  - match: {id: "^spot-"}\n    instance_types: [c5.large]\n    zones: [ap-south-1a]\n    capacity_type: spot\n    on_demand_share: 0.25\n',
    );
    expect(config({ configFile: good }).nodeGroups).to.deep.equal([
      {
        match: { id: '^spot-' },
        instanceTypes: ['c5.large'],
        zones: ['ap-south-1a'],
        capacityType: 'spot',
        onDemandShare: 0.25,
      },
    ]);
    const bad = fileWith('node_groups:\n  - match: {id: "("}\n    zone: [a]\n  - match: {}\n');
    const found = mistakes({ configFile: bad }).join('\n');
    expect(found).to.match(/node_groups\.0\.match\.id: must be a regular expression/);
    expect(found).to.match(/node_groups\.0.*zone/);
    expect(found).to.match(/node_groups\.1\.match: needs id/);
  });

  it('names the autoscaler by addresses, networks and hosts, and by nothing else', () => {
    const told = (callers: string) =>
      serveConfig({
        flags: { autoscaler_callers: callers },
        environment: {},
        configFile: undefined,
        prod: false,
      }).autoscaler_callers;
    expect(told('10.0.3.0/24, fd00::1,spot-7f3a.kube-system.svc')).to.deep.equal([
      '10.0.3.0/24',
      'fd00::1',
      'spot-7f3a.kube-system.svc',
    ]);
    for (const wrong of ['10.0.3.0/33', 'host:9443', 'https://host', '10.0.3.0/24/1', ','])
      expect(() => told(wrong), wrong).to.throw('--autoscaler-callers');
  });
});
