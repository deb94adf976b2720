import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildah } from '../../scripts/image/buildah.ts';
import { builtImage, canary, ownArchitecture } from '../../scripts/image/built-image.ts';
import { asker } from '../e2e/asked.ts';
import { freePort } from '../e2e/served.ts';
import { fakeWorld } from '../peers/agent-world.ts';
import { fakeImds } from '../peers/fake-imds.ts';
import {
  bytesBelow,
  contained,
  finished,
  imageFacts,
  mountedImage,
  uid,
  type MountedImage,
} from './contained.ts';

const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
/** New in every run: a label out of the layer cache would be another. */
const revision = randomUUID();
const recorded = readFileSync(new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url));

describe('the image', function () {
  this.timeout(600_000);
  let name: string;
  let image: MountedImage;
  let mounted: MountedImage | undefined;

  before(() => {
    name = builtImage(ownArchitecture, version, revision).name;
    image = mounted = mountedImage(name);
  });
  after(() => mounted?.close());

  it('names its user, its one entry point and what it is', () => {
    const { user, entryPoint, labels, environment } = imageFacts(name);
    expect(user).to.equal(`${uid}:${uid}`);
    expect(entryPoint).to.deep.equal(['spot-expander']);
    expect(environment).to.include('NODE_ENV=production');
    expect(labels).to.include({
      'org.opencontainers.image.title': 'spot-expander',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': revision,
      'org.opencontainers.image.licenses': 'MIT',
    });
  });

  it('holds the program, a model and the static snapshot, and nothing that only building needs', () => {
    const app = join(image.root, 'app');
    expect(readdirSync(app).toSorted()).to.deep.equal([
      'LICENSE',
      'data',
      'dist',
      'models',
      'node_modules',
      'package.json',
      'proto',
    ]);
    expect(readdirSync(join(app, 'models'))).to.include.members([
      'family-stress-12h.onnx',
      'family-stress-12h.card.json',
    ]);
    expect(statSync(join(app, 'dist/agent.js')).isFile()).to.equal(true);
    const packages = readdirSync(join(app, 'node_modules'));
    expect(packages).to.include.members(['onnxruntime-node', '@grpc']);
    for (const absent of ['typescript', 'mocha', 'eslint', 'esbuild', 'node', 'npm'])
      expect(packages).to.not.include(absent);
    expect(() => statSync(join(image.root, 'usr/local/bin/npm'))).to.throw('ENOENT');
    for (const secret of ['root/.npmrc', 'run/ca.pem', 'app/.npmrc'])
      expect(() => statSync(join(image.root, secret))).to.throw('ENOENT');
  });

  it('keeps nothing of the npmrc that it was built with', () => {
    const { status, stdout } = spawnSync('grep', ['-rlF', canary, '.'], {
      cwd: image.root,
      encoding: 'utf8',
    });
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    expect(buildah('inspect', '--type', 'image', name)).to.not.contain(canary);
  });

  it('needs no shell: it stands on libraries alone, and all below runs on them', () => {
    for (const folder of ['bin', 'usr/bin', 'sbin', 'usr/sbin', 'usr/local/bin'])
      for (const shell of ['sh', 'bash', 'dash', 'busybox'])
        expect(existsSync(join(image.root, folder, shell)), `${folder}/${shell}`).to.equal(false);
  });

  it('has onnxruntime for its own platform alone', () => {
    const bin = join(image.root, 'app/node_modules/onnxruntime-node/bin');
    const files = readdirSync(bin, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map(({ parentPath }) => parentPath.slice(bin.length + 1));
    expect([...new Set(files)]).to.deep.equal([`napi-v6/linux/${process.arch}`]);
  });

  it('takes at most 300 MB beside its base and Node', () => {
    const parts = ['app', 'usr/local/bin/spot-expander', 'var/lib/spot-expander'].map((path) =>
      bytesBelow(join(image.root, path)),
    );
    const bytes = parts.reduce((sum, one) => sum + one);
    const mb = (count: number) => `${Math.round(count / 1e6)} MB`;
    const node = bytesBelow(join(image.root, 'usr/local/bin/node'));
    console.log(
      `      the program ${mb(bytes)}, Node ${mb(node)}, with its base ${mb(bytesBelow(image.root))}`,
    );
    expect(bytes).to.be.below(300e6);
  });

  it('belongs to root: everybody can read it, nobody else can change it', () => {
    const app = join(image.root, 'app');
    const paths = [
      join(image.root, 'usr/local/bin/spot-expander'),
      join(image.root, 'usr/local/bin/node'),
      app,
      ...readdirSync(app, { recursive: true, encoding: 'utf8' }).map((path) => join(app, path)),
    ];
    const wrong = paths.filter((path) => {
      const file = lstatSync(path);
      const readable = file.isDirectory() ? 0o005 : 0o004;
      return (
        file.uid !== 0 ||
        (file.mode & readable) !== readable ||
        (!file.isSymbolicLink() && (file.mode & 0o022) !== 0)
      );
    });
    expect(paths).to.have.length.above(1_000);
    expect(wrong).to.deep.equal([]);
  });

  it('tells its version and its commands, and without a command how it is used', async () => {
    expect(await finished(contained(image, ['--version']))).to.deep.equal({ code: 0, text: version });
    for (const args of [['--help'], []]) {
      const { text } = await finished(contained(image, args));
      expect(text)
        .to.match(/Usage: spot-expander/)
        .and.match(/\n {2}serve/)
        .and.match(/\n {2}agent/)
        .and.match(/\n {2}collect/);
    }
    expect((await finished(contained(image, ['serv']))).code).to.equal(2);
  });

  it('runs as its own user without any capability, and can write where it is mounted to and nowhere else', async () => {
    const probe = `
      const fs = require('node:fs');
      const tried = (path) => { try { fs.writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; } };
      const status = fs.readFileSync('/proc/self/status', 'utf8');
      console.log(JSON.stringify({
        ids: [process.getuid(), process.getgid(), ...process.getgroups()],
        effective: /CapEff:\\s*(\\w+)/.exec(status)[1],
        noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
        pid: process.pid,
        tried: ['/app/x', '/app/dist/processes/main.js', '/usr/local/bin/x', '/etc/x', '/x', '/tmp/x', '/var/lib/spot-expander/x'].map(tried),
      }));`;
    const { text } = await finished(contained(image, ['-e', probe], '/usr/local/bin/node'));
    const seen = JSON.parse(text) as {
      ids: number[];
      tried: string[];
      effective: string;
      noNewPrivileges: string;
      pid: number;
    };
    expect(new Set(seen.ids)).to.deep.equal(new Set([uid]));
    expect(seen).to.include({ effective: '0000000000000000', noNewPrivileges: '1', pid: 1 });
    expect(
      seen.tried.slice(0, 5).every((code) => code === 'EROFS' || code === 'EACCES'),
      seen.tried.join(),
    ).to.equal(true);
    expect(seen.tried.slice(5)).to.deep.equal(['written', 'written']);
  });

  it('serves: a recorded scale-up is answered over TLS by the bundled model’s knowledge, and SIGTERM ends it with 0', async () => {
    const [port, httpPort] = [await freePort(), await freePort()];
    const serve = contained(image, [
      'serve',
      '--grpc-listen',
      `127.0.0.1:${port}`,
      '--http-listen',
      `127.0.0.1:${httpPort}`,
    ]);
    await serve.line((line) => /"msg":"[^"]*listening/.test(line));
    const client = asker(port, join(image.state, 'localhost.crt'));
    expect(await client.bestOptions(recorded)).to.have.length(1);
    client.close();
    expect((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status).to.equal(200);
    const page = await fetch(`http://127.0.0.1:${httpPort}/`);
    expect(page.headers.get('content-type')).to.contain('text/html');
    const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
    expect(metrics).to.contain(`version="${version}"`);
    serve.terminate();
    expect(await serve.exitCode).to.equal(0);
    expect(serve.lines.join('\n')).to.contain('stopped');
  });

  it('loads onnxruntime and scores with the shipped model', async () => {
    const from = Date.parse('2026-01-01T00:00:00Z');
    const rows = Array.from({ length: 24 * 12 }, (_, hour) =>
      ['c5.large', 'm5.large', 'r5.xlarge']
        .map(
          (type, at) =>
            `${new Date(from + hour * 3_600_000).toISOString()},aps1-az1,${type},${(0.03 * (at + 1) * (1 + 0.02 * Math.sin(hour / (5 + at)))).toFixed(4)}`,
        )
        .join('\n'),
    );
    writeFileSync(
      join(image.state, 'history.csv'),
      `timestamp_utc,availability_zone,instance_type,price_usd\n${rows.join('\n')}\n`,
    );
    const { code, text } = await finished(
      contained(image, [
        'score',
        '--history',
        '/var/lib/spot-expander/history.csv',
        '--model',
        '/app/models/family-stress-12h.onnx',
        '--from',
        '2026-01-10',
        '--to',
        '2026-01-11',
        '--out',
        '/var/lib/spot-expander/scores.csv',
      ]),
    );
    expect(code, text).to.equal(0);
    const scores = readFileSync(join(image.state, 'scores.csv'), 'utf8').trim().split('\n').slice(1);
    expect(scores).to.have.length.above(6);
    for (const line of scores) expect(Number(line.split(',').at(-1))).to.be.within(0, 1);
  });

  it('the agent’s doctor answers, and the agent ends with 0 at SIGTERM', async () => {
    const world = await fakeWorld();
    const imds = await fakeImds();
    try {
      await world.addNode('node-a', { instanceId: imds.instanceId });
      writeFileSync(join(image.state, 'kubeconfig'), readFileSync(world.kubeconfig));
      const flags = [
        '--node-name',
        'node-a',
        '--imds-endpoint',
        imds.url,
        '--kubeconfig',
        '/var/lib/spot-expander/kubeconfig',
        '--http-listen',
        '127.0.0.1:0',
        '--pod-namespace',
        'kube-system',
        '--pod-name',
        'agent',
      ];
      const doctor = await finished(contained(image, ['agent', 'doctor', ...flags]));
      expect(doctor.text).to.contain('node-a');
      expect(doctor.code, doctor.text).to.equal(0);
      const agent = contained(image, ['agent', ...flags]);
      await agent.line((line) => line.includes('"address"'));
      agent.terminate();
      expect(await agent.exitCode).to.equal(0);
    } finally {
      await imds.close();
      await world.close();
    }
  });

  it('for arm64 has the same program with Node and onnxruntime of that architecture', () => {
    const other = builtImage('arm64', version, revision);
    const mounted = mountedImage(other.name);
    try {
      const machine = (path: string) => readFileSync(join(mounted.root, path)).readUInt16LE(18);
      const aarch64 = 183;
      expect(machine('usr/local/bin/node')).to.equal(aarch64);
      const bin = 'app/node_modules/onnxruntime-node/bin/napi-v6/linux';
      expect(readdirSync(join(mounted.root, bin))).to.deep.equal(['arm64']);
      for (const file of readdirSync(join(mounted.root, bin, 'arm64')))
        expect(machine(`${bin}/arm64/${file}`), file).to.equal(aarch64);
      expect(readFileSync(join(mounted.root, 'app/dist/processes/main.js'))).to.deep.equal(
        readFileSync(join(image.root, 'app/dist/processes/main.js')),
      );
    } finally {
      mounted.close();
    }
  });
});
