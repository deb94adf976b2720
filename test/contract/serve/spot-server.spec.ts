import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { advisorClient } from '../../../src/adapters/grpc/advisor-client.ts';
import { serveConfig, type ServeConfig } from '../../../src/config/serve-config.ts';
import { SpotServer } from '../../../src/processes/serve/spot-server.ts';
import type { ServeOverrides } from '../../../src/processes/serve/serve-parts.ts';
import { FakeKubernetes } from '../../peers/fake-kubernetes.ts';
import { until } from '../../peers/until.ts';
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

  it('knows the fleet that it watches: what it knows of nodes rests on what is published, and not the other way round', async () => {
    const kube = await FakeKubernetes.started();
    kube.addNode('first', { zone: 'ap-south-1a', type: 'c5.large', instanceId: 'i-0000000000000000a' });
    const kubeconfig = join(home, 'kubeconfig');
    writeFileSync(kubeconfig, kube.kubeconfig);
    const server = await created({ kubeconfig, risk_model: 'fleet-hazard' });
    try {
      await server.start();
      const { fleet, knowledge } = server.parts;
      await until('the nodes listed', () => fleet?.counts.view() !== undefined);
      expect(knowledge.keeper.current().fleet).not.to.equal(undefined);
      const pool = {
        instanceType: 'c5.large',
        zone: 'ap-south-1a',
        region: 'ap-south-1',
        capacityType: 'spot',
      } as const;
      expect(knowledge.keeper.current().hazard?.(pool)).to.be.greaterThan(0);
    } finally {
      await server.stop();
      await kube.close();
    }
  });

  it('answers probes on a port of their own, and there nothing else', async () => {
    const server = await created({ probe_listen: '127.0.0.1:0' });
    const { probePort = 0, httpPort } = await server.start();
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      expect(await status(probePort, path), path).to.equal(200);
      expect(await status(httpPort, path), path).to.equal(200);
    }
    for (const path of ['/', '/api/v1/decisions', '/health'])
      expect(await status(probePort, path), path).to.equal(404);
    await server.stop();
  });

  it('tells decisions only to who has the token, once one is set, and takes a new one from the same file', async () => {
    const file = join(home, 'token');
    writeFileSync(file, 'a token of some length\n');
    let lateMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + lateMs };
    const server = await created({ api_token_file: file }, { clock });
    const { httpPort } = await server.start();
    const asked = async (token: string): Promise<number> =>
      (
        await fetch(`http://127.0.0.1:${httpPort}/api/v1/decisions`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect(await status(httpPort, '/api/v1/decisions')).to.equal(401);
    expect(await status(httpPort, '/')).to.equal(401);
    expect(await status(httpPort, '/readyz')).to.equal(200);
    expect(await asked('a token of some length')).to.equal(200);
    writeFileSync(file, 'another token of some length');
    lateMs = 5_000;
    expect(await asked('a token of some length')).to.equal(401);
    expect(await asked('another token of some length')).to.equal(200);
    rmSync(file);
    lateMs = 10_000;
    expect(await asked('another token of some length')).to.equal(200);
    await server.stop();
  });

  it('answers a client over gRPC that sends the token, and no other', async () => {
    const file = join(home, 'grpc-token');
    writeFileSync(file, 'a token of some length\n');
    const server = await created({ api_token_file: file });
    const { grpcPort } = await server.start();
    const explained = async (token: string | undefined): Promise<unknown> => {
      const client = advisorClient({
        target: `localhost:${grpcPort}`,
        rootCertificates: readFileSync(join(home, 'localhost.crt')),
        clientCertificate: undefined,
        token,
        timeoutMs: 5_000,
      });
      const answer = await client
        .call('Explain', { last: 1 }, AbortSignal.timeout(5_000))
        .catch((error: unknown) => String(error));
      client.close();
      return answer;
    };
    expect(await explained(undefined)).to.match(/UNAUTHENTICATED/);
    expect(await explained('another token of some length')).to.match(/UNAUTHENTICATED/);
    expect(await explained('a token of some length')).to.be.an('object');
    await server.stop();
  });

  it('does not start open when its token cannot be read, or is none', async () => {
    const short = join(home, 'short');
    writeFileSync(short, 'abc');
    for (const [file, why] of [
      [join(home, 'nowhere'), /api_token_file .*nowhere cannot be used/],
      [short, /it holds 3 characters; make one with: openssl rand -hex 32/],
    ] as const) {
      const server = await created({ api_token_file: file });
      const failure: unknown = await server.start().catch((error: unknown) => error);
      expect(String(failure)).to.match(why);
    }
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
    expect(failure).to.be.instanceOf(Error);
    expect(String(failure)).to.include(`--http-listen 127.0.0.1:${port} is taken`);
    // Stopping what has stopped already is no mistake.
    await server.stop();
    await new Promise((resolve) => taken.close(resolve));
  });
});
