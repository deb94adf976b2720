import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { devCertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';

function directory(): string {
  return mkdtempSync(join(tmpdir(), 'dev-certificate-'));
}

describe('the development certificate', () => {
  it('is trusted for localhost by a client that takes it as its root', async () => {
    const { certFile, keyFile } = await devCertificateFiles(directory(), new Date());
    const cert = readFileSync(certFile);
    const server = createServer({ cert, key: readFileSync(keyFile) }, (socket) => socket.end('hello')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: cert,
    });
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(data.toString()).to.equal('hello');
    expect(client.authorized).to.equal(true);
    client.destroy();
    server.close();
  });

  it('is kept while it is valid and renewed when it is near its end or broken', async () => {
    const place = directory();
    const now = new Date();
    const first = readFileSync((await devCertificateFiles(place, now)).certFile, 'utf8');
    expect(readFileSync((await devCertificateFiles(place, now)).certFile, 'utf8')).to.equal(first);
    const nearEnd = new Date(now.getTime() + 360 * 86_400_000);
    const second = readFileSync((await devCertificateFiles(place, nearEnd)).certFile, 'utf8');
    expect(second).not.to.equal(first);
    writeFileSync(join(place, 'localhost.crt'), 'not a certificate');
    expect(readFileSync((await devCertificateFiles(place, now)).certFile, 'utf8')).to.include(
      'BEGIN CERTIFICATE',
    );
  });
});
