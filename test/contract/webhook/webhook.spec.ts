import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { expect } from 'chai';
import { devCertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import { webhook, webhookBody, type WebhookOptions } from '../../../src/adapters/webhook/posted-webhook.ts';

const message = {
  id: 'spot-interruption/x',
  reason: 'SpotTermination',
  message: 'it "goes"',
  node: 'n',
  instanceId: 'i-1',
  instanceType: 'c5.large',
  zone: 'a',
  time: '2026-03-01T10:00:00.000Z',
};
const signal = new AbortController().signal;

describe('webhook', () => {
  const servers: Server[] = [];
  let seen: { readonly headers: IncomingMessage['headers']; readonly body: string }[];
  let statuses: number[];
  let askedSeconds: string;
  let warnings: string[];

  beforeEach(() => {
    seen = [];
    statuses = [];
    askedSeconds = '';
    warnings = [];
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function listening(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  const receiver = (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ headers: request.headers, body });
      const status = statuses.shift();
      response.writeHead(status ?? 204, status === undefined ? {} : { 'retry-after': askedSeconds });
      response.end();
    });
  };

  const options = (over: Partial<WebhookOptions>): WebhookOptions => ({
    url: '',
    template: undefined,
    headers: {},
    proxy: undefined,
    timeoutMs: 1_000,
    attempts: 1,
    warn: (fields, text) => void warnings.push(`${text} ${JSON.stringify(fields)}`),
    ...over,
  });

  it('posts every field as JSON, with the secret headers and the id of the event', async () => {
    const port = await listening(createServer(receiver));
    const sent = await webhook(
      options({ url: `http://127.0.0.1:${port}/x`, headers: { authorization: 'Bearer hush' } }),
    ).send(message, signal);
    expect(sent).to.equal('sent');
    expect(JSON.parse(seen[0]!.body)).to.deep.equal(message);
    expect(seen[0]!.headers).to.include({
      authorization: 'Bearer hush',
      'x-spot-expander-event-id': message.id,
    });
  });

  it('tries again after a refusal, and never shows the URL or a header in the log', async () => {
    const port = await listening(createServer(receiver));
    statuses = [500];
    const one = webhook(
      options({ url: `http://127.0.0.1:${port}/secret-path`, attempts: 2, headers: { 'x-key': 'hush' } }),
    );
    expect(await one.send(message, signal)).to.equal('sent');
    expect(seen).to.have.length(2);
    expect(warnings.join()).to.include('500').and.not.include('secret-path').and.not.include('hush');
  });

  it('waits as long as the receiver asks for, and ends at once when it is stopped meanwhile', async () => {
    const port = await listening(createServer(receiver));
    const stop = new AbortController();
    const one = webhook(options({ url: `http://127.0.0.1:${port}/x`, attempts: 2 }));
    statuses = [429];
    askedSeconds = '2';
    const startMs = performance.now();
    expect(await one.send(message, signal)).to.equal('sent');
    expect(performance.now() - startMs).to.be.greaterThan(1_990);
    statuses = [503];
    askedSeconds = '25';
    const failing = one.send(message, stop.signal);
    while (seen.length < 3) await sleep(5);
    stop.abort();
    expect(await failing).to.equal('failed');
    expect(performance.now() - startMs).to.be.lessThan(10_000);
  });

  it('gives up after its attempts and says so', async () => {
    expect(await webhook(options({ url: 'http://127.0.0.1:1/' })).send(message, signal)).to.equal('failed');
    expect(warnings).to.have.length(1);
  });

  it('a template of JSON stays JSON whatever the fields hold; unknown places stay as they are', () => {
    const body = webhookBody('{"text":"{{ message }} on {{.node}} {{other}}"}', message);
    expect(JSON.parse(body)).to.deep.equal({ text: 'it "goes" on n {{other}}' });
  });

  it('reaches an https receiver through a proxy that tunnels, with the proxy’s credentials', async () => {
    const files = await devCertificateFiles(mkdtempSync(join(tmpdir(), 'hook-')), new Date());
    const target = await listening(
      createTlsServer({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }, receiver),
    );
    const asked: IncomingMessage[] = [];
    const proxy = createServer();
    proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
      asked.push(request);
      const onward = connect(target, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    const port = await listening(proxy);
    const one = webhook(
      options({ url: `https://localhost:${target}/x`, proxy: `http://me:pass%21@127.0.0.1:${port}` }),
    );
    const result = await one.send(message, signal);
    expect(asked[0]?.url).to.equal(`localhost:${target}`);
    expect(asked[0]?.headers['proxy-authorization']).to.equal(
      `Basic ${Buffer.from('me:pass!').toString('base64')}`,
    );
    // The receiver's certificate is its own root and nobody trusts it: the tunnel stands and TLS refuses.
    expect(result).to.equal('failed');
    expect(warnings.join()).to.match(/self-signed|self signed/);
  });

  it('asks a host that NO_PROXY names without the proxy', async () => {
    const port = await listening(createServer(receiver));
    const one = (noProxy: string | undefined) =>
      webhook(options({ url: `http://127.0.0.1:${port}/x`, proxy: 'http://127.0.0.1:1', noProxy }));
    expect(await one(undefined).send(message, signal)).to.equal('failed');
    expect(await one('localhost,127.0.0.1').send(message, signal)).to.equal('sent');
    expect(seen).to.have.length(1);
  });

  it('a proxy that never answers is given up after the time-out, and at once when the agent ends', async () => {
    const proxy = createServer();
    const tunnels: Duplex[] = [];
    proxy.on('connect', (_request: IncomingMessage, socket: Duplex) => void tunnels.push(socket));
    const over = {
      url: 'https://hooks.invalid/x',
      proxy: `http://127.0.0.1:${await listening(proxy)}`,
      timeoutMs: 200,
    };
    expect(await webhook(options(over)).send(message, signal)).to.equal('failed');
    const ended = AbortSignal.timeout(50);
    const patient = webhook(options({ ...over, timeoutMs: 60_000 }));
    expect(await patient.send(message, ended)).to.equal('failed');
    for (const tunnel of tunnels) tunnel.destroy();
  });

  const exemptions: readonly (readonly [url: string, list: string, isExempt: boolean])[] = [
    ['https://hooks.example.invalid/x', '', false],
    ['https://hooks.example.invalid/x', '*', true],
    ['https://hooks.example.invalid/x', 'example.invalid', true],
    ['https://hooks.example.invalid/x', '.example.invalid, other', true],
    ['https://hooks.example.invalid/x', 'other .example.invalid', true],
    ['https://example.invalid/x', '.example.invalid', true],
    ['https://hooks.example.invalid/x', '*.Example.invalid', true],
    ['https://badexample.invalid/x', 'example.invalid', false],
    ['https://hooks.example.invalid/x', 'hooks.example.invalid:443', true],
    ['https://hooks.example.invalid/x', 'example.invalid:443', true],
    ['https://hooks.example.invalid/x', 'hooks.example.invalid:8443', false],
    ['http://[::1]:9/x', '::1', true],
    ['http://[::1]:9/x', '[::1]', true],
    ['http://[::1]:9/x', '[::1]:9', true],
    ['http://[::1]:9/x', '[::1]:80', false],
    ['http://127.0.0.1:9/x', '127.0.0.0/8', false],
    ['http://127.0.0.1:9/x', '127.0.0.1', true],
  ];
  for (const [url, list, isExempt] of exemptions)
    it(`asks ${url} ${isExempt ? 'without' : 'through'} the proxy with NO_PROXY "${list}"`, async () => {
      const asked: string[] = [];
      const proxy = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.end();
      });
      proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
        asked.push(request.url ?? '');
        socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      });
      const port = await listening(proxy);
      const one = webhook(options({ url, proxy: `http://127.0.0.1:${port}`, noProxy: list }));
      await one.send(message, signal);
      expect(asked).to.have.length(isExempt ? 0 : 1);
    });
});
