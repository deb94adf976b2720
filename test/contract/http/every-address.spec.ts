import { connect } from 'node:net';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { startHttpServer } from '../../../src/adapters/http/http-server.ts';
import { listenAddress } from '../../../src/config/value-types.ts';
import { jsonLog } from '../../../src/telemetry/log.ts';
import { started, stopAll } from '../grpc/peers.ts';
import { wideDoorway } from './wide-doorway.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

/** Resolves when somebody listens there. */
async function reached(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  socket.destroy();
}

describe('a listener on ":PORT"', () => {
  afterEach(stopAll);

  for (const [family, host] of [
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ] as const) {
    it(`is reached over ${family} for HTTP`, async function () {
      if (family === 'IPv6' && !hasIpv6) this.skip();
      const server = await startHttpServer({
        ...listenAddress.parse(':0'),
        doorway: wideDoorway,
        routes: [],
        log: jsonLog('silent', 'test'),
      });
      await reached(host, server.port);
      await server.close(0);
    });

    it(`is reached over ${family} for gRPC`, async function () {
      if (family === 'IPv6' && !hasIpv6) this.skip();
      const server = await started({ listen: listenAddress.parse(':0') });
      await reached(host, server.port);
    });
  }

  it('is "::" where there is IPv6, which takes IPv4 as well', () => {
    expect(listenAddress.parse(':1').host).to.equal(hasIpv6 ? '::' : '0.0.0.0');
  });
});
