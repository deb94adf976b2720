import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { expect } from 'chai';
import type { RunningServer } from './peers.ts';
import { called, clientOf, started, stopAll } from './peers.ts';

const window = 16 * 1024 * 1024;
const initialWindowSize = 4;
const frameType = { settings: 4, windowUpdate: 8 } as const;

interface Granted {
  /** Bytes of DATA that a client may send on one stream before the server says more. */
  readonly stream: number;
  /** The same over all streams of the connection. */
  readonly connection: number;
}

/** What a server grants before it has read a byte of any request: the preface's frames, up to the acknowledgement of our own settings. */
function granted({ port, certificate }: RunningServer): Promise<Granted> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: 'localhost',
      ca: readFileSync(certificate.certFile),
      ALPNProtocols: ['h2'],
    });
    socket.on('error', reject);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Uint8Array.of(0, 0, 0, frameType.settings, 0, 0, 0, 0, 0));
    let bytes = Buffer.alloc(0);
    let stream = 65_535;
    let connection = 65_535;
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        const length = bytes.readUIntBE(0, 3);
        const [type, flags, id] = [bytes[3], bytes[4], bytes.readUInt32BE(5)];
        const payload = bytes.subarray(9, 9 + length);
        bytes = bytes.subarray(9 + length);
        if (type === frameType.windowUpdate && id === 0) connection += payload.readUInt32BE(0);
        if (type !== frameType.settings) continue;
        for (let at = 0; at < length; at += 6) {
          if (payload.readUInt16BE(at) === initialWindowSize) stream = payload.readUInt32BE(at + 2);
        }
        if (flags === 1) {
          socket.destroy();
          resolve({ stream, connection });
        }
      }
    });
  });
}

describe('HTTP/2 receive windows', () => {
  afterEach(stopAll);

  it('are small for a connection that has asked for nothing, and hinder no message that is not large', async () => {
    const { stream, connection } = await granted(await started());
    expect(stream).to.equal(window);
    expect(connection).to.equal(256 * 1024);
  });

  it('are 16 MiB as soon as a large message is announced', async () => {
    const server = await started();
    await called(clientOf(server), new Uint8Array(1_000));
    expect(server.server.transportReport().windowsInForce).to.equal(undefined);
    await called(clientOf(server), new Uint8Array(1024 * 1024));
    const { windowsInForce, streamWindowBytes, connectionWindowBytes } = server.server.transportReport();
    expect({ windowsInForce, streamWindowBytes }).to.deep.equal({
      windowsInForce: true,
      streamWindowBytes: window,
    });
    expect(connectionWindowBytes).to.be.at.least(window);
  });
});
