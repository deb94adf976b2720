import { EventEmitter } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream, Http2Session } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { status } from '@grpc/grpc-js';
import { BytesInFlight } from '../../../src/adapters/grpc/bytes-in-flight.ts';
import { LargeMessages } from '../../../src/adapters/grpc/large-messages.ts';
import type { Seat } from '../../../src/ports/doorway.ts';
import {
  bestOptions,
  called,
  clientOf,
  framed,
  freshCertificate,
  freshIdentity,
  http2Client,
  rawCall,
  started,
  stopAll,
  until,
} from './peers.ts';

const mebibyte = 1024 * 1024;

describe('bytes in flight', () => {
  const budget = (limitBytes: number) => {
    let nowMs = 0;
    const inFlight = new BytesInFlight({ limitBytes, nowMs: () => nowMs });
    return { inFlight, later: (ms: number) => (nowMs += ms) };
  };

  it('are reserved when they are announced, and never more than there is room for', () => {
    const { inFlight } = budget(100 * mebibyte);
    const first = inFlight.held(() => undefined);
    expect(first.announce(60 * mebibyte)).to.equal(true);
    expect(inFlight.held(() => undefined).announce(60 * mebibyte)).to.equal(false);
    first.release();
    expect(inFlight.bytes).to.equal(0);
  });

  it('are taken from a message that does not come, the slowest first, and not from one that comes at a good pace', () => {
    const { inFlight, later } = budget(100 * mebibyte);
    const gone: string[] = [];
    const message = (name: string, bytes: number) => {
      const one = inFlight.held(() => {
        gone.push(name);
        one.release();
      });
      one.announce(bytes);
      return one;
    };
    message('stuck', 40 * mebibyte).arrived(64);
    message('slow', 20 * mebibyte).arrived(mebibyte / 2);
    message('good', 40 * mebibyte).arrived(10 * mebibyte);
    later(1_000);
    expect(inFlight.held(() => undefined).announce(30 * mebibyte)).to.equal(true);
    expect(gone).to.deep.equal(['stuck']);
    expect(inFlight.held(() => undefined).announce(25 * mebibyte)).to.equal(true);
    expect(gone).to.deep.equal(['stuck', 'slow']);
    expect(inFlight.held(() => undefined).announce(40 * mebibyte)).to.equal(false);
  });

  it('are not taken from a message that is whole', () => {
    const { inFlight, later } = budget(10 * mebibyte);
    const whole = inFlight.held(() => expect.fail('it gave way'));
    whole.announce(8 * mebibyte);
    whole.arrived(8 * mebibyte);
    whole.settled();
    later(60_000);
    expect(inFlight.held(() => undefined).announce(8 * mebibyte)).to.equal(false);
  });

  it('leave room for small messages when large ones have taken all', () => {
    const { inFlight } = budget(10 * mebibyte);
    inFlight.held(() => undefined).announce(10 * mebibyte);
    expect(inFlight.held(() => undefined).announce(100_000)).to.equal(true);
    expect(inFlight.held(() => undefined).announce(mebibyte)).to.equal(false);
  });
});

describe('large messages that come in', () => {
  const seat = (client: string, isKnown: boolean): Seat => ({
    peer: `${client}:1`,
    client,
    isKnown: () => isKnown,
    established: () => undefined,
    busy: () => () => undefined,
    unread: () => () => undefined,
    inTurn: (work) => work(),
  });
  const session = (): Http2Session => new EventEmitter() as Http2Session;

  it('are 24 of all strangers: one more takes the place of one that comes too slowly, or is refused; known clients are not counted', () => {
    let slow = 1;
    const messages = new LargeMessages(() => slow-- > 0);
    const began = (client: string, isKnown = false) =>
      typeof messages.begin(session(), seat(client, isKnown), mebibyte);
    for (let index = 0; index < 24; index += 1) expect(began(`s${index % 4}`)).to.equal('function');
    expect(began('another')).to.equal('function');
    expect(began('another')).to.equal('object');
    expect(began('autoscaler', true)).to.equal('function');
  });

  it('are counted until they have come', () => {
    const messages = new LargeMessages(() => false);
    const one = session();
    const begun = Array.from({ length: 16 }, () => messages.begin(one, seat('a', true), mebibyte));
    expect(messages.begin(one, seat('a', true), mebibyte)).to.have.property(
      'code',
      status.RESOURCE_EXHAUSTED,
    );
    expect(messages.begin(one, seat('a', true), 1_000)).to.be.a('function');
    if (typeof begun[0] === 'function') begun[0]();
    expect(messages.begin(one, seat('a', true), mebibyte)).to.be.a('function');
  });
});

describe('what a call may cost', () => {
  afterEach(stopAll);

  /** A message of that length, of which a hundred bytes come. */
  const begun = (session: ClientHttp2Session, length: number): ClientHttp2Stream => {
    const stream = session.request({
      ':method': 'POST',
      ':path': bestOptions,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined);
    stream.write(framed(new Uint8Array(100), 0, length));
    return stream;
  };

  const advisor = (requiresClientCertificate = false, seen: unknown[] = []) => {
    const none = (request: unknown): Promise<object> => {
      seen.push(request);
      return Promise.resolve({});
    };
    return {
      service: 'spotadvisor.v1.SpotAdvisor',
      protoFile: 'spot_advisor.proto',
      handlers: { Rank: none, Evaluate: none, Explain: none, ListPools: none },
      requiresClientCertificate,
    };
  };

  for (const path of [
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    '/spotadvisor.v1.SpotAdvisor/Explain',
  ])
    it(`is small for ${path}: a body of 400 MB is refused by its length`, async () => {
      const server = await started({ services: [advisor()] });
      const stream = http2Client(server).request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => undefined);
      stream.write(framed(new Uint8Array(1_000), 0, 400_000_000));
      const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve));
      expect(Number(headers['grpc-status'])).to.equal(status.RESOURCE_EXHAUSTED);
      await until(() => server.server.transportReport().bytesInFlight < mebibyte);
    });

  it('refuses a gzip message that becomes a thousand times its size, and is as good as before', async () => {
    const server = await started();
    const bomb = gzipSync(Buffer.alloc(64 * mebibyte));
    const answers = await Promise.all(
      Array.from({ length: 16 }, () =>
        rawCall(http2Client(server), framed(bomb, 1), { 'grpc-encoding': 'gzip' }),
      ),
    );
    for (const answer of answers) {
      expect(Number(answer['grpc-status'])).to.equal(status.RESOURCE_EXHAUSTED);
      expect(decodeURI(String(answer['grpc-message']))).to.include('more than 100 times its size');
    }
    expect(await called(clientOf(server, { compressed: true }), new Uint8Array(100_000))).to.have.length(
      100_000,
    );
    await until(() => server.server.transportReport().bytesInFlight < mebibyte);
  });

  it('ends with a status when what is compressed is not', async () => {
    const answer = await rawCall(http2Client(await started()), framed(new Uint8Array(100), 1), {
      'grpc-encoding': 'gzip',
    });
    expect(Number(answer['grpc-status'])).to.equal(status.INTERNAL);
    expect(decodeURI(String(answer['grpc-message']))).to.include('the compressed message cannot be read');
  });

  it('is counted while a message comes in, and given back when its client leaves', async () => {
    const server = await started();
    const session = http2Client(server);
    const streams = Array.from({ length: 4 }, () => begun(session, mebibyte));
    await until(() => server.server.transportReport().bytesInFlight > 4 * mebibyte);
    for (const stream of streams) expect(stream.destroyed).to.equal(false);
    session.destroy();
    await until(() => server.server.transportReport().bytesInFlight === 0);
  });

  it('is one of a few large messages that come in at once on a connection and of a client, and gives way to another when it comes too slowly', async () => {
    const server = await started();
    const refusal = async (session: ClientHttp2Session): Promise<string> => {
      const headers = await new Promise<Record<string, unknown>>((resolve) =>
        begun(session, mebibyte).on('response', resolve),
      );
      expect(Number(headers['grpc-status'])).to.equal(status.RESOURCE_EXHAUSTED);
      return decodeURI(String(headers['grpc-message']));
    };
    const one = http2Client(server);
    for (let index = 0; index < 8; index += 1) begun(one, mebibyte);
    expect(await refusal(one)).to.include('8 large messages on this connection');
    const another = http2Client(server);
    for (let index = 0; index < 8; index += 1) begun(another, mebibyte);
    await until(() => server.server.transportReport().bytesInFlight > 16 * mebibyte);
    expect(await refusal(http2Client(server))).to.include('16 large messages of this client');
    expect(await rawCall(another, framed(new Uint8Array(1_000)))).to.include({ ':status': 200 });
    const third = http2Client(server, '127.0.0.2');
    for (let index = 0; index < 8; index += 1) begun(third, mebibyte);
    await until(() => server.server.transportReport().bytesInFlight > 24 * mebibyte);
    // After half a second it is seen that those come too slowly: a message that comes whole takes the place of one.
    await new Promise((resolve) => setTimeout(resolve, 600));
    const whole = await rawCall(http2Client(server, '127.0.0.7'), framed(new Uint8Array(mebibyte)));
    expect(Number(whole['grpc-status'])).to.equal(status.OK);
  });

  it('is one of 64 calls of a client that has not read an answer; another client has its own', async () => {
    const release = Promise.withResolvers<Uint8Array>();
    const server = await started({
      bestOptions: (request) => (request.length === 1 ? release.promise : Promise.resolve(Uint8Array.of(1))),
    });
    const from = (address: string, bytes: number) =>
      rawCall(http2Client(server, address), framed(new Uint8Array(bytes)));
    const sessions = Array.from({ length: 4 }, () => http2Client(server, '127.0.0.2'));
    const held = sessions.flatMap((one) =>
      Array.from({ length: 17 }, () => rawCall(one, framed(Uint8Array.of(0)))),
    );
    await until(() => server.server.transportReport().openCalls >= 64);
    expect(Number((await from('127.0.0.3', 2))['grpc-status'])).to.equal(status.OK);
    release.resolve(Uint8Array.of(2));
    const codes = (await Promise.all(held)).map((headers) => Number(headers['grpc-status']));
    const [ok, exhausted]: readonly number[] = [status.OK, status.RESOURCE_EXHAUSTED];
    expect(codes.filter((code) => code === ok)).to.have.length(64);
    expect(codes.filter((code) => code === exhausted)).to.have.length(4);
  });

  it('is told to a client that goes on sending a message that may not come now', async () => {
    const server = await started();
    const session = http2Client(server);
    for (let index = 0; index < 8; index += 1) begun(session, mebibyte);
    await until(() => server.server.transportReport().bytesInFlight > 8 * mebibyte);
    const refused = await Promise.all(
      Array.from({ length: 20 }, () => rawCall(session, framed(new Uint8Array(mebibyte)))),
    );
    expect(new Set(refused.map((headers) => Number(headers['grpc-status'])))).to.deep.equal(
      new Set([status.RESOURCE_EXHAUSTED]),
    );
  });

  it('is nothing without a name where names are wanted: the answer comes before a byte of the message', async () => {
    const seen: unknown[] = [];
    const certificate = await freshCertificate();
    const identity = await freshIdentity();
    const running = await started({
      tls: { ...certificate, clientCaFile: identity.certFile },
      services: [advisor(true, seen)],
    });
    const session = http2Client({ ...running, certificate });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/spotadvisor.v1.SpotAdvisor/Rank',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve));
    expect(Number(headers['grpc-status'])).to.equal(status.UNAUTHENTICATED);
    expect(seen).to.deep.equal([]);
  });

  it('is granted to who has the token', async () => {
    const server = await started({ services: [advisor(true)], isToken: (text) => text === 'the token' });
    const session = http2Client(server);
    const path = '/spotadvisor.v1.SpotAdvisor/ListPools';
    const asked = async (headers: Readonly<Record<string, string>>) =>
      Number(
        (await rawCall(session, framed(new Uint8Array()), { ':path': path, ...headers }))['grpc-status'],
      );
    expect(await asked({})).to.equal(status.UNAUTHENTICATED);
    expect(await asked({ authorization: 'Bearer a guess' })).to.equal(status.UNAUTHENTICATED);
    expect(await asked({ authorization: 'Bearer the token' })).to.equal(status.OK);
    expect(await called(clientOf(server), new Uint8Array(3))).to.have.length(3);
  });

  it('is bounded for one client that asks many questions at once, and the autoscaler is answered meanwhile', async () => {
    const release = Promise.withResolvers<object>();
    const held = { ...advisor(), handlers: { ...advisor().handlers, Rank: () => release.promise } };
    const server = await started({ services: [held] });
    const client = clientOf(server);
    const asked = Array.from({ length: 40 }, () =>
      called(client, new Uint8Array(), {}, '/spotadvisor.v1.SpotAdvisor/Rank').then(
        () => 'answered',
        (error: unknown) => status[(error as { readonly code: status }).code],
      ),
    );
    await until(() => server.events.length >= 24);
    expect(await called(clientOf(server), new Uint8Array(3))).to.have.length(3);
    release.resolve({});
    const outcomes = Map.groupBy(await Promise.all(asked), (one) => one);
    expect(outcomes.get('answered')).to.have.length(16);
    expect(outcomes.get('RESOURCE_EXHAUSTED')).to.have.length(24);
  });

  it('is little for headers: those beyond 16 KiB are refused', async () => {
    const server = await started();
    const answer = await rawCall(http2Client(server), framed(new Uint8Array(3)), {
      'x-giant': 'x'.repeat(30_000),
    });
    expect(Number(answer['grpc-status'])).to.equal(status.RESOURCE_EXHAUSTED);
  });
});
