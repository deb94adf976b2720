import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { expect } from 'chai';
import { newLeaf, newRoot, type Leaf } from '../../faults/certificates.ts';
import type { CertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import { doorway, grpcDoorwayLimits } from '../../../src/adapters/doorway/doorway.ts';
import { startGrpcServer } from '../../../src/adapters/grpc/grpc-server.ts';
import { CertificateRefused } from '../../../src/errors/certificate-refused.ts';
import type { RunningServer } from './peers.ts';
import { called, clientOf, freshCertificate, freshDirectory, started, stopAll, until } from './peers.ts';

const watch = { pollMs: 200, settleMs: 20 };

/** SHA-256 of the certificate that a new connection is shown. */
function shown(port: number, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: 'localhost', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

/** Certificate files in a directory of their own, to be written over. */
async function filesOf(source: CertificateFiles): Promise<CertificateFiles> {
  const directory = freshDirectory();
  const files = { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
  copyFileSync(source.certFile, files.certFile);
  copyFileSync(source.keyFile, files.keyFile);
  return Promise.resolve(files);
}

const loadedEvents = ({ events }: RunningServer): number =>
  events.filter(({ kind }) => kind === 'certificate-loaded').length;

describe('certificate files', () => {
  afterEach(stopAll);

  it('are served anew when both have changed, without a failed handshake and without touching open connections', async () => {
    const [old, renewed] = [await freshCertificate(), await freshCertificate()];
    const files = await filesOf(old);
    const running = { ...(await started({ tls: files, watch })), certificate: old };
    const client = clientOf(running);
    await called(client, new Uint8Array(1));
    const before = await shown(running.port);
    const seen = new Set<string>();
    const done = new AbortController();
    const handshakes = (async () => {
      while (!done.signal.aborted) seen.add(await shown(running.port));
    })();
    writeFileSync(files.certFile, readFileSync(renewed.certFile));
    await until(() => seen.size > 0);
    writeFileSync(files.keyFile, readFileSync(renewed.keyFile));
    await until(() => seen.size === 2);
    done.abort();
    await handshakes;
    const after = await shown(running.port);
    expect([...seen]).to.deep.equal([before, after]);
    expect(running.server.transportReport().certificate.fingerprint256).to.equal(after);
    expect(await called(client, new Uint8Array(1))).to.have.length(1);
  });

  it('are refused in a sentence when they do not belong together, and the old ones serve on until they do', async () => {
    const [old, other] = [await freshCertificate(), await freshCertificate()];
    const files = await filesOf(old);
    const running = { ...(await started({ tls: files, watch })), certificate: old };
    const before = await shown(running.port);
    writeFileSync(files.keyFile, readFileSync(other.keyFile));
    await until(() => running.server.transportReport().certificateRefusal !== undefined);
    expect(running.server.transportReport().certificateRefusal).to.match(/do not belong together/);
    expect(running.events.filter(({ kind }) => kind === 'certificate-refused')).to.have.length(1);
    expect(await shown(running.port)).to.equal(before);
    expect(await called(clientOf(running), new Uint8Array(1))).to.have.length(1);

    writeFileSync(files.certFile, readFileSync(other.certFile));
    await until(() => loadedEvents(running) === 1);
    expect(running.server.transportReport().certificateRefusal).to.equal(undefined);
    expect(await shown(running.port)).to.not.equal(before);
  });

  for (const [what, content] of [
    ['a file that is gone', undefined],
    ['a file that holds no certificate', 'once upon a time'],
    ['an empty file', ''],
  ] as const) {
    it(`are refused when there is ${what}, and the old ones serve on`, async () => {
      const files = await filesOf(await freshCertificate());
      const running = await started({ tls: files, watch });
      const before = await shown(running.port);
      if (content === undefined) rmSync(files.certFile);
      else writeFileSync(files.certFile, content);
      await until(() => running.server.transportReport().certificateRefusal !== undefined);
      expect(running.server.transportReport().certificateRefusal).to.include(files.certFile);
      expect(await shown(running.port)).to.equal(before);
    });
  }

  it('are followed through the symbolic link that Kubernetes swaps for a mounted secret', async () => {
    const mount = freshDirectory();
    const generation = (name: string, source: CertificateFiles): void => {
      mkdirSync(join(mount, name));
      copyFileSync(source.certFile, join(mount, name, 'tls.crt'));
      copyFileSync(source.keyFile, join(mount, name, 'tls.key'));
      symlinkSync(name, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    generation('..2026_01', await freshCertificate());
    const files = { certFile: join(mount, 'tls.crt'), keyFile: join(mount, 'tls.key') };
    symlinkSync(join('..data', 'tls.crt'), files.certFile);
    symlinkSync(join('..data', 'tls.key'), files.keyFile);
    // Polling is far away, so that it is the watch that sees the swap.
    const running = await started({ tls: files, watch: { pollMs: 600_000, settleMs: 20 } });
    const before = await shown(running.port);
    generation('..2026_02', await freshCertificate());
    await until(() => loadedEvents(running) === 1);
    expect(await shown(running.port)).to.not.equal(before);
    expect(running.events.filter(({ kind }) => kind === 'certificate-refused')).to.deep.equal([]);
  });

  it('are not served anew when they are only touched', async () => {
    const files = await filesOf(await freshCertificate());
    const running = await started({ tls: files, watch });
    for (let times = 0; times < 5; times += 1) {
      writeFileSync(files.certFile, readFileSync(files.certFile));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(loadedEvents(running)).to.equal(0);
  });

  it('are refused when they have ended earlier than those that are served', async () => {
    const root = await newRoot();
    const dayMs = 86_400_000;
    const good = await newLeaf(root);
    const ended = await newLeaf(root, { fromMs: Date.now() - 2 * dayMs, toMs: Date.now() - dayMs });
    const directory = freshDirectory();
    const files = { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
    const placed = ({ cert, key }: Leaf): void => {
      writeFileSync(files.certFile, cert);
      writeFileSync(files.keyFile, key);
    };
    placed(good);
    const running = await started({ tls: files, watch });
    const before = await shown(running.port);
    placed(ended);
    await until(() => running.server.transportReport().certificateRefusal !== undefined);
    expect(running.server.transportReport().certificateRefusal).to.include('has ended on');
    expect(await shown(running.port)).to.equal(before);
  });

  it('tell once that they end soon and once that they have ended', async () => {
    const leaf = await newLeaf(await newRoot(), { fromMs: Date.now() - 60_000, toMs: Date.now() + 2_500 });
    const directory = freshDirectory();
    const files = { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
    writeFileSync(files.certFile, leaf.cert);
    writeFileSync(files.keyFile, leaf.key);
    const { events } = await started({ tls: files });
    await until(() => events.some(({ kind }) => kind === 'certificate-ended'));
    expect(events.map(({ kind }) => kind).filter((kind) => kind.startsWith('certificate-'))).to.deep.equal([
      'certificate-ends-soon',
      'certificate-ended',
    ]);
  });

  it('stop the start when they cannot be served', async () => {
    const [one, other] = [await freshCertificate(), await freshCertificate()];
    const attempt = startGrpcServer({
      listen: { host: '127.0.0.1', port: 0 },
      doorway: doorway({ limits: grpcDoorwayLimits, hasHandshake: true }),
      tls: { certFile: one.certFile, keyFile: other.keyFile },
      bestOptions: () => Promise.resolve(new Uint8Array()),
    });
    const error: unknown = await attempt.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CertificateRefused);
    expect(String(error)).to.include(one.certFile);
  });
});

describe('TLS', () => {
  afterEach(stopAll);

  it('is spoken from version 1.2 on', async () => {
    const { port } = await started();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await shown(port, { minVersion: version, maxVersion: version })).to.be.a('string');
    }
    const old = shown(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    const error: unknown = await old.catch((reason: unknown) => reason);
    expect(String(error)).to.match(/protocol version/i);
  });

  it('on an address that is taken is refused in a sentence', async () => {
    const { port, certificate } = await started();
    const attempt = startGrpcServer({
      listen: { host: '127.0.0.1', port },
      doorway: doorway({ limits: grpcDoorwayLimits, hasHandshake: true }),
      tls: certificate,
      bestOptions: () => Promise.resolve(new Uint8Array()),
    });
    expect(String(await attempt.catch((reason: unknown) => reason))).to.include(
      `cannot listen on 127.0.0.1:${port}`,
    );
  });
});
