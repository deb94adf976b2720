import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { serveConfig, type ServeConfig } from '../../../src/config/serve-config.ts';
import { SpotServer } from '../../../src/processes/serve/spot-server.ts';
import type { ServeOverrides } from '../../../src/processes/serve/serve-parts.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';

describe('the server as an object', () => {
  const home = mkdtempSync(join(tmpdir(), 'spot-expander-object-'));
  after(() => rmSync(home, { recursive: true, force: true }));

  const config = (flags: Readonly<Record<string, string>> = {}): ServeConfig =>
    serveConfig({
      flags: {
        grpc_listen: '127.0.0.1:0',
        http_listen: '127.0.0.1:0',
        state_dir: home,
        drain_grace: '1s',
        ...flags,
      },
      environment: {},
      configFile: undefined,
      prod: false,
    });
  const created = (flags: Readonly<Record<string, string>> = {}, overrides: ServeOverrides = {}) =>
    SpotServer.create(config(flags), {}, { log: silentLog, ...overrides });
  const status = async (port: number, path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).status;

  it('is created, started and stopped, and another takes its place', async () => {
    for (const place of ['first', 'second']) {
      const server = await created();
      const { httpPort } = await server.start();
      expect(await status(httpPort, '/readyz')).to.equal(200);
      await server.stop();
      const gone = await status(httpPort, '/readyz').catch(() => 'gone');
      expect(gone, place).to.equal('gone');
    }
  });

  it('lives by the clock and writes to the log that it is given', async () => {
    const lines: string[] = [];
    const tomorrowMs = systemClock.nowMs() + 86_400_000;
    const server = await created(
      {},
      {
        clock: { ...systemClock, nowMs: () => tomorrowMs },
        log: { ...silentLog, info: (_, message) => lines.push(message) },
      },
    );
    const { httpPort } = await server.start();
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/evaluate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instance_type: 'c5.large', availability_zone: 'ap-south-1a' }),
    });
    const { signal_time: signalTime } = (await answer.json()) as { readonly signal_time: string };
    await server.stop();
    expect(signalTime).to.equal(new Date(tomorrowMs).toISOString());
    expect(lines.some((line) => line.startsWith('listening for gRPC'))).to.equal(true);
  });

  it('leaves nothing behind when its HTTP port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const server = await created({ http_listen: `127.0.0.1:${port}` });
    const failure = await server.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(Error).with.property('code', 'EADDRINUSE');
    // Stopping what has stopped already is no mistake.
    await server.stop();
    await new Promise((resolve) => taken.close(resolve));
  });
});
