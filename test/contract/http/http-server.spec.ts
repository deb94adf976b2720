import { expect } from 'chai';
import { request } from 'node:http';
import { connect } from 'node:net';
import { jsonAnswer, longJsonAnswer, textAnswer, type Route } from '../../../src/adapters/http/route.ts';
import { startHttpServer, type HttpLimits, type HttpServer } from '../../../src/adapters/http/http-server.ts';
import { InvalidRequest } from '../../../src/errors/invalid-request.ts';
import { NotFound } from '../../../src/errors/not-found.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { wideDoorway } from './wide-doorway.ts';

interface Faulty {
  readonly error: string;
  readonly details: readonly { readonly path: string; readonly message: string }[];
}

describe('the text of a long answer', () => {
  const items = Array.from({ length: 250 }, (_, index) => ({ index, text: 'a "quoted" one' }));

  type Long = Readonly<Record<string, unknown>> & { readonly candidates: readonly unknown[] };
  const answers: Readonly<Record<string, Long>> = {
    'more than one piece, and others beside it': { candidates: items, remarks: ['one'], reason: undefined },
    'no item': { candidates: [], remarks: [] },
    'nothing else': { candidates: items.slice(0, 3) },
  };
  for (const [what, value] of Object.entries(answers))
    it(`is that of the whole, with ${what}`, async () => {
      const { body, contentType } = await longJsonAnswer(200, value, 'candidates');
      expect(body).to.equal(jsonAnswer(200, value).body);
      expect(contentType).to.equal('application/json');
    });
});

describe('the HTTP server', () => {
  const seen: string[] = [];
  const faults: unknown[] = [];
  const slow = Promise.withResolvers<undefined>();
  const routes: readonly Route[] = [
    { method: 'GET', path: '/plain', access: 'read', answer: () => textAnswer(200, 'plain\n') },
    {
      method: 'GET',
      path: '/query',
      access: 'read',
      answer: ({ query }) => jsonAnswer(200, Object.fromEntries(query)),
    },
    { method: 'POST', path: '/echo', access: 'read', answer: ({ json }) => jsonAnswer(200, json) },
    {
      method: 'POST',
      path: '/mistaken',
      access: 'read',
      answer: () => {
        throw new InvalidRequest([{ path: 'a.0', message: 'must be a number' }]);
      },
    },
    {
      method: 'GET',
      path: '/missing',
      access: 'read',
      answer: () => {
        throw new NotFound('there is no decision x');
      },
    },
    {
      method: 'GET',
      path: '/broken',
      access: 'read',
      answer: () => Promise.reject(new Error('secret of the house')),
    },
    {
      method: 'GET',
      path: '/slow',
      access: 'read',
      answer: async () => {
        await slow.promise;
        return textAnswer(200, 'slow\n');
      },
    },
  ];
  let server: HttpServer;
  let base: string;

  const start = (limits: Partial<HttpLimits> = {}) =>
    startHttpServer({
      host: '127.0.0.1',
      doorway: wideDoorway,
      port: 0,
      routes,
      log: { ...silentLog, error: (fields) => void faults.push(fields) },
      onAnswer: (route, status) => void seen.push(`${route} ${status}`),
      limits: { maxBodyBytes: 1_000, ...limits },
    });

  before(async () => {
    server = await start();
    base = `http://127.0.0.1:${server.port}`;
  });
  after(() => server.close(100));

  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, contentType?: string) =>
    fetch(`${base}${path}`, {
      method: 'POST',
      body,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
    });
  const faulty = async (response: Response) => (await response.json()) as Faulty;

  it('answers a GET and, without a body, its HEAD', async () => {
    const got = await fetch(`${base}/plain`);
    expect([got.status, await got.text(), got.headers.get('x-content-type-options')]).to.deep.equal([
      200,
      'plain\n',
      'nosniff',
    ]);
    const head = await fetch(`${base}/plain`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).to.deep.equal([
      200,
      '6',
      '',
    ]);
  });

  it('hands the query over', async () => {
    expect(await (await fetch(`${base}/query?a=1&b=c5.large%40x`)).json()).to.deep.equal({
      a: '1',
      b: 'c5.large@x',
    });
  });

  it('says which paths exist when one does not', async () => {
    const response = await fetch(`${base}/nowhere?x=1`);
    expect(response.status).to.equal(404);
    expect((await faulty(response)).error)
      .to.include('/plain')
      .and.include('/nowhere');
  });

  it('says which methods a path takes', async () => {
    const response = await fetch(`${base}/echo`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'POST']);
    const other = await post('/plain', '{}', 'application/json');
    expect([other.status, other.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
  });

  it('takes JSON with a charset', async () => {
    const body = '{"a":"ü"}';
    expect(await (await post('/echo', body, 'application/json; charset=utf-8')).json()).to.deep.equal({
      a: 'ü',
    });
  });

  it('takes no JSON that says it is a form, or nothing: a page of another site could send that', async () => {
    const type = 'application/x-www-form-urlencoded';
    for (const response of [
      await post('/echo', '{"a":1}', type),
      await post('/echo', new TextEncoder().encode('{"a":1}')),
    ]) {
      expect(response.status).to.equal(415);
      expect((await faulty(response)).error).to.include("-H 'content-type: application/json'");
    }
  });

  it('refuses other content types and encodings with 415', async () => {
    const response = await post('/echo', '{}', 'text/plain');
    expect([response.status, response.headers.get('accept')]).to.deep.equal([415, 'application/json']);
    const gzip = await fetch(`${base}/echo`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect(gzip.status).to.equal(415);
  });

  for (const [name, body] of [
    ['an empty body', ''],
    ['half an object', '{"a":'],
    ['a bare word', 'evaluate'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
  ] as const) {
    it(`answers 400 with a reason to ${name}`, async () => {
      const response = await post('/echo', body, 'application/json');
      expect(response.status).to.equal(400);
      const { error, details } = await faulty(response);
      expect(error).to.equal('the request is not valid');
      expect(details).to.have.length(1);
      expect(details[0]?.message).to.match(/^the body is/);
    });
  }

  it('tells every mistake of a request with its place', async () => {
    const response = await post('/mistaken', '{}', 'application/json');
    expect(response.status).to.equal(400);
    expect((await faulty(response)).details).to.deep.equal([{ path: 'a.0', message: 'must be a number' }]);
  });

  it('answers 404 for a thing that is gone', async () => {
    const response = await fetch(`${base}/missing`);
    expect([response.status, (await faulty(response)).error]).to.deep.equal([404, 'there is no decision x']);
  });

  it('keeps its own faults off the wire and in the log', async () => {
    const response = await fetch(`${base}/broken`);
    const text = await response.text();
    expect(response.status).to.equal(500);
    expect(text).not.to.include('secret');
    expect(faults).to.have.length(1);
  });

  it('refuses a body beyond the limit by its length', async () => {
    const response = await post('/echo', `"${'x'.repeat(2_000)}"`, 'application/json');
    expect([response.status, response.headers.get('connection')]).to.deep.equal([413, 'close']);
  });

  it('refuses a body beyond the limit that does not tell its length', async () => {
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        `${base}/echo`,
        { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.on('error', reject);
      sent.write('"');
      for (let index = 0; index < 20; index += 1) sent.write('x'.repeat(100));
    });
    expect(status).to.equal(413);
  });

  it('answers what is not HTTP with 400 and goes on', async () => {
    const text = await rawExchange(server.port, 'NONSENSE\r\n\r\n');
    expect(text)
      .to.match(/^HTTP\/1\.1 400 /)
      .and.include('this is not HTTP/1.1');
    expect((await fetch(`${base}/plain`)).status).to.equal(200);
  });

  it('answers headers that are too large with 431', async () => {
    const text = await rawExchange(
      server.port,
      `GET /plain HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    );
    expect(text).to.match(/^HTTP\/1\.1 431 /);
  });

  it('answers a target that is no path with 400', async () => {
    const text = await rawExchange(server.port, 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(text).to.match(/^HTTP\/1\.1 400 /);
  });

  it('does not wait for headers that never come', async () => {
    const impatient = await start({ headersTimeoutMs: 50, requestTimeoutMs: 100 });
    try {
      const text = await rawExchange(impatient.port, 'GET /plain HTTP/1.1\r\nhost: x\r\n');
      expect(text).to.match(/^HTTP\/1\.1 408 /);
    } finally {
      await impatient.close(0);
    }
  });

  it('tells a metric each answer by route and status, and never by an unknown path', () => {
    expect(seen).to.include.members(['/plain 200', '/echo 405', '/echo 413', 'unmatched 404', '/broken 500']);
    expect(seen.filter((one) => one.includes('nowhere'))).to.deep.equal([]);
  });

  it('answers 429 with Retry-After to who asks too much, before a byte of the body, and probes all the same', async () => {
    const busy = await startHttpServer({
      host: '127.0.0.1',
      doorway: wideDoorway,
      port: 0,
      log: silentLog,
      admission: {
        enter: () => ({ isIn: false, retryAfterMs: 1_000, why: '8 questions of yours are open' }),
      },
      routes: [
        ...routes,
        { method: 'GET', path: '/healthz', access: 'probe', answer: () => textAnswer(200, 'ok\n') },
      ],
    });
    const response = await fetch(`http://127.0.0.1:${busy.port}/plain`);
    expect([response.status, response.headers.get('retry-after')]).to.deep.equal([429, '1']);
    expect((await faulty(response)).error).to.equal('8 questions of yours are open; ask again in a second');
    expect((await fetch(`http://127.0.0.1:${busy.port}/healthz`)).status).to.equal(200);
    await busy.close(0);
  });

  it('lets an open request end when it closes, and takes no new one', async () => {
    const closing = await start();
    const open = fetch(`http://127.0.0.1:${closing.port}/slow`);
    await fetch(`http://127.0.0.1:${closing.port}/plain`);
    const closed = closing.close(10_000);
    slow.resolve(undefined);
    expect(await (await open).text()).to.equal('slow\n');
    await closed;
    const refused = await fetch(`http://127.0.0.1:${closing.port}/plain`).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
  });

  it('cuts a request that outlasts the grace', async () => {
    const closing = await startHttpServer({
      host: '127.0.0.1',
      doorway: wideDoorway,
      port: 0,
      log: silentLog,
      routes: [{ method: 'GET', path: '/never', access: 'read', answer: () => new Promise(() => undefined) }],
    });
    const open = fetch(`http://127.0.0.1:${closing.port}/never`).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await closing.close(10);
    expect(await open).to.be.instanceOf(Error);
  });

  it('says so when its address is taken', async () => {
    const error: unknown = await startHttpServer({
      host: '127.0.0.1',
      doorway: wideDoorway,
      port: server.port,
      routes,
      log: silentLog,
    }).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(Error).with.property('code', 'EADDRINUSE');
  });
});

function rawExchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (received += chunk));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}
