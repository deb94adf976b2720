import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { publishCaCommand } from '../../../src/processes/serve/publish-ca.ts';
import { runWith } from './run-command.ts';

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** An API server that gives the answers in turn, the last one for ever. */
async function answering(...answers: readonly { status: number; message?: string }[]) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const { method, url: path, headers } = request;
      seen.push({ method, path, type: headers['content-type'], body: JSON.parse(text) as unknown });
      const { status, message = 'ok' } = answers[Math.min(seen.length, answers.length) - 1] ?? {
        status: 500,
      };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, seen };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}

describe('publish-ca', () => {
  const home = mkdtempSync(join(tmpdir(), 'publish-ca-'));
  const ca = join(home, 'ca.crt');
  const kubeconfig = join(home, 'kubeconfig');
  let server: Server | undefined;

  before(() => {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        join(home, 'key'),
        '-out',
        ca,
        '-days',
        '2',
        '-subj',
        '/CN=ca',
      ],
      { stdio: 'ignore' },
    );
  });
  afterEach(() => server?.close());
  after(() => rmSync(home, { recursive: true }));

  async function run(answers: readonly { status: number; message?: string }[], ...flags: string[]) {
    const api = await answering(...answers);
    server = api.server;
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
        users: [{ name: 'u', user: { token: 't' } }],
      }),
    );
    const result = await runWith([publishCaCommand], home, [
      'publish-ca',
      '--kubeconfig',
      kubeconfig,
      ...flags,
    ]);
    return { ...result, seen: api.seen };
  }

  it('puts the certificate, and only that, into the named Secret', async () => {
    const { exitCode, out, seen } = await run([{ status: 200 }], '--from', ca, '--to', 'kube-system/se-ca');
    expect(exitCode).to.equal(0);
    expect(out).to.contain('kube-system/se-ca');
    expect(seen).to.deep.equal([
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/kube-system/secrets/se-ca',
        type: 'application/merge-patch+json',
        body: { data: { 'ca.crt': readFileSync(ca).toString('base64') } },
      },
    ]);
  });

  it('tries again while the API server cannot', async () => {
    const { exitCode, seen } = await run([{ status: 503 }, { status: 200 }], '--from', ca, '--to', 'a/b');
    expect(exitCode).to.equal(0);
    expect(seen).to.have.length(2);
  });

  it('tries again while its token is not taken', async () => {
    // Each try asks twice: the second time with the token read anew.
    const answers = [{ status: 401 }, { status: 401 }, { status: 200 }];
    const { exitCode, seen } = await run(answers, '--from', ca, '--to', 'a/b');
    expect(exitCode).to.equal(0);
    expect(seen).to.have.length(3);
  });

  for (const [status, message] of [
    [403, 'secrets is forbidden'],
    [405, 'the server does not allow this method'],
  ] as const)
    it(`a refusal with ${status} is final and said`, async () => {
      const { exitCode, error, seen } = await run([{ status, message }], '--from', ca, '--to', 'a/b');
      expect(exitCode).to.equal(1);
      expect(error).to.contain(message);
      expect(seen).to.have.length(1);
    });

  it('a private key is never sent', async () => {
    const both = join(home, 'both.pem');
    writeFileSync(both, readFileSync(ca, 'utf8') + readFileSync(join(home, 'key'), 'utf8'));
    const { exitCode, error, seen } = await run([{ status: 200 }], '--from', both, '--to', 'a/b');
    expect(exitCode).to.equal(2);
    expect(error).to.contain('private key');
    expect(seen).to.have.length(0);
  });

  for (const [what, flags] of [
    ['a file that is not there', ['--from', '/nowhere/ca.crt', '--to', 'a/b']],
    ['a Secret without a namespace', ['--to', 'ca']],
    ['no Secret', []],
  ] as const)
    it(`${what} is used wrongly`, async () => {
      const { exitCode, seen } = await run([{ status: 200 }], ...flags);
      expect(exitCode).to.equal(2);
      expect(seen).to.have.length(0);
    });
});
