import { expect } from 'chai';
import { status } from '@grpc/grpc-js';
import type { BytesHandler, UnaryCall } from '../../../src/adapters/grpc/grpc-method.ts';
import { InvalidRequest } from '../../../src/errors/invalid-request.ts';
import { MalformedRequest } from '../../../src/errors/malformed-request.ts';
import { NotFound } from '../../../src/errors/not-found.ts';
import {
  called,
  calling,
  clientOf,
  failure,
  framed,
  http2Client,
  rawCall,
  started,
  stopAll,
  until,
} from './peers.ts';

const mebibyte = 1024 * 1024;

/** Bytes whose every stretch is unlike the others, so that misplaced ones are seen. */
function patterned(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >>> 8) * 7 + (at >>> 16)) & 0xff;
  return bytes;
}

const never: BytesHandler = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));

describe('BestOptions over gRPC', () => {
  afterEach(stopAll);

  it('ends a message that never comes, whatever deadline its client set, and keeps to a long deadline afterwards', async () => {
    const running = await started({
      receiveLimitMs: 60,
      bestOptions: (request) =>
        new Promise((resolve) => setTimeout(() => resolve(Uint8Array.from(request)), 200)),
    });
    const session = http2Client(running);
    const stuck = session.request({
      ':method': 'POST',
      ':path': '/grpcplugin.Expander/BestOptions',
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': '99999999H',
    });
    const ended = new Promise<unknown>((resolve) =>
      stuck.on('response', (headers) => resolve(headers['grpc-status'])),
    );
    stuck.on('error', () => undefined);
    stuck.write(framed(new Uint8Array(8), 0, 2 * mebibyte));
    expect(Number(await ended)).to.equal(status.DEADLINE_EXCEEDED);
    // A whole message has all the time that its client gave, though the handler takes longer than receiving may.
    const answer = await rawCall(session, framed(Uint8Array.of(1)), { 'grpc-timeout': '10M' });
    expect(Number(answer['grpc-status'])).to.equal(status.OK);
  });

  for (const [path, compressed] of [
    ['received in place', false],
    ['compressed', true],
  ] as const) {
    describe(path, () => {
      it('hands the request over byte for byte, from none to many megabytes, also several at once', async () => {
        const client = clientOf(await started(), { compressed });
        const sizes = [0, 1, 5, 16_379, 16_384, 70_000, mebibyte, 3 * mebibyte + 1];
        for (const size of sizes) {
          const request = patterned(size);
          expect(Buffer.compare(await called(client, request), request), `${size} bytes`).to.equal(0);
        }
        const requests = sizes.map((size) => patterned(size + 1));
        const answers = await Promise.all(requests.map((request) => called(client, request)));
        for (const [index, answer] of answers.entries()) {
          expect(Buffer.compare(answer, requests[index]!)).to.equal(0);
        }
      });

      for (const [error, code, details] of [
        [new MalformedRequest('byte 7 is garbled: ü%'), status.INVALID_ARGUMENT, 'byte 7 is garbled: ü%'],
        [
          new InvalidRequest([{ path: 'pools', message: 'is empty' }]),
          status.INVALID_ARGUMENT,
          'pools: is empty',
        ],
        [new NotFound('no decision 7'), status.NOT_FOUND, 'no decision 7'],
        [new Error('secret'), status.INTERNAL, 'internal fault; the server log has the cause'],
      ] as const) {
        it(`ends with ${status[code]} on ${error.name}`, async () => {
          const server = await started({ bestOptions: () => Promise.reject(error) });
          expect(await failure(called(clientOf(server, { compressed }), new Uint8Array(9)))).to.deep.equal([
            code,
            details,
          ]);
          const faults = server.events.filter(({ kind }) => kind === 'handler-failed');
          expect(faults).to.have.length(code === status.INTERNAL ? 1 : 0);
        });
      }

      it('ends with the same status on a handler that throws before it promises', async () => {
        const server = await started({
          bestOptions: () => {
            throw new MalformedRequest('cut off');
          },
        });
        expect(await failure(called(clientOf(server, { compressed }), new Uint8Array(9)))).to.deep.equal([
          status.INVALID_ARGUMENT,
          'cut off',
        ]);
      });

      it('ends with RESOURCE_EXHAUSTED on a message beyond the bound and takes the next one', async () => {
        const client = clientOf(await started({ maxMessageBytes: mebibyte }), { compressed });
        const [code, details] = await failure(called(client, patterned(mebibyte + 1)));
        expect(code).to.equal(status.RESOURCE_EXHAUSTED);
        expect(details.toLowerCase()).to.include(
          `larger than ${compressed ? '' : 'max ('}${compressed ? mebibyte : mebibyte + 1}`,
        );
        expect(await called(client, patterned(mebibyte))).to.have.length(mebibyte);
      });

      it('tells the handler deadline and peer, and aborts its signal at the deadline', async () => {
        const calls: UnaryCall[] = [];
        const server = await started({
          bestOptions: (request, call) => {
            calls.push(call);
            return never(request, call);
          },
        });
        const deadline = Date.now() + 300;
        const [code] = await failure(
          called(clientOf(server, { compressed }), new Uint8Array(9), { deadline }),
        );
        expect(code).to.equal(status.DEADLINE_EXCEEDED);
        await until(() => calls[0]?.signal.aborted === true);
        expect(calls[0]!.deadlineMs).to.be.closeTo(deadline, 290);
        expect(calls[0]!.peer).to.match(/^127\.0\.0\.1:\d+$/);
      });

      it('aborts the signal when the client gives up', async () => {
        const calls: UnaryCall[] = [];
        const server = await started({
          bestOptions: (request, call) => {
            calls.push(call);
            return never(request, call);
          },
        });
        const { answer, cancel } = calling(clientOf(server, { compressed }), new Uint8Array(9));
        await until(() => calls.length === 1);
        expect(calls[0]!.deadlineMs).to.equal(undefined);
        cancel();
        expect((await failure(answer))[0]).to.equal(status.CANCELLED);
        await until(() => calls[0]!.signal.aborted);
        await until(() => server.events.some((event) => event.kind === 'call-ended'));
        expect(server.events.find(({ kind }) => kind === 'call-ended')).to.include({
          code: status.CANCELLED,
        });
      });

      it('tells once how each call ended', async () => {
        const server = await started({ maxMessageBytes: mebibyte });
        const client = clientOf(server, { compressed });
        await called(client, patterned(100));
        await until(() => server.events.length > 0);
        expect(server.events).to.have.length(1);
        expect(server.events[0]).to.deep.include({
          kind: 'call-ended',
          method: '/grpcplugin.Expander/BestOptions',
          code: status.OK,
          requestBytes: 100,
        });
      });
    });
  }

  describe('with bytes that no client library sends', () => {
    for (const [what, body, headers, expected] of [
      ['no message', new Uint8Array(), {}, status.UNIMPLEMENTED],
      ['a cut prefix', Uint8Array.of(0, 0), {}, status.INTERNAL],
      ['a cut message', framed(new Uint8Array(10), 0, 11), {}, status.INTERNAL],
      ['a cut message of megabytes', framed(new Uint8Array(10), 0, 2 * mebibyte), {}, status.INTERNAL],
      [
        'two messages',
        Buffer.concat([framed(new Uint8Array(3)), framed(new Uint8Array(3))]),
        {},
        status.UNIMPLEMENTED,
      ],
      ['a compressed message without encoding', framed(new Uint8Array(3), 1), {}, status.INTERNAL],
      [
        'an unknown encoding',
        framed(new Uint8Array(3), 1),
        { 'grpc-encoding': 'rot13' },
        status.UNIMPLEMENTED,
      ],
      ['a timeout that is none', framed(new Uint8Array(3)), { 'grpc-timeout': 'soon' }, status.INTERNAL],
      ['a timeout of nothing', framed(new Uint8Array(3)), { 'grpc-timeout': '0n' }, status.DEADLINE_EXCEEDED],
      [
        'another method',
        framed(new Uint8Array(3)),
        { ':path': '/grpcplugin.Expander/Worst' },
        status.UNIMPLEMENTED,
      ],
    ] as const) {
      it(`${what} ends with ${status[expected]}`, async () => {
        const server = await started({
          bestOptions: (_, { signal }) =>
            new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error()))),
        });
        const answer = await rawCall(http2Client(server), body, headers);
        expect(Number(answer['grpc-status'])).to.equal(expected);
        expect(answer['content-type']).to.match(/^application\/grpc/);
      });
    }

    it('another content type is refused as HTTP wants it', async () => {
      const answer = await rawCall(http2Client(await started()), new Uint8Array(), {
        'content-type': 'text/plain',
      });
      expect(answer[':status']).to.equal(415);
    });

    it('a timeout of years is as good as none', async () => {
      const answer = await rawCall(http2Client(await started()), framed(new Uint8Array(3)), {
        'grpc-timeout': '99999999H',
      });
      expect(Number(answer['grpc-status'])).to.equal(status.OK);
    });

    it('a prefix in single bytes and a message in two halves arrive whole', async () => {
      const server = await started();
      const stream = http2Client(server).request({
        ':method': 'POST',
        ':path': '/grpcplugin.Expander/BestOptions',
        'content-type': 'application/grpc',
      });
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      const frame = framed(patterned(2 * mebibyte));
      for (const byte of frame.subarray(0, 5)) {
        await new Promise<void>((resolve) => stream.write(Uint8Array.of(byte), () => resolve()));
      }
      await new Promise<void>((resolve) => stream.write(frame.subarray(5, mebibyte), () => resolve()));
      stream.end(frame.subarray(mebibyte));
      await new Promise((resolve) => stream.on('close', resolve));
      expect(Buffer.compare(Buffer.concat(chunks), frame)).to.equal(0);
    });
  });

  it('refuses a third request of the largest size at once, and serves on', async () => {
    const releases: (() => void)[] = [];
    const server = await started({
      maxMessageBytes: 2 * mebibyte,
      bestOptions: (request) => new Promise((resolve) => releases.push(() => resolve(request.slice(0, 1)))),
    });
    const client = clientOf(server);
    const held = [1, 2].map(() => called(client, new Uint8Array(2 * mebibyte)));
    await until(() => releases.length === 2);
    const [code, details] = await failure(called(client, new Uint8Array(2 * mebibyte)));
    expect([code, details]).to.deep.equal([
      status.RESOURCE_EXHAUSTED,
      `no memory for ${2 * mebibyte} bytes: too many large requests at once`,
    ]);
    for (const release of releases) release();
    await Promise.all(held);
    const next = called(client, new Uint8Array(2 * mebibyte));
    await until(() => releases.length === 3);
    releases[2]!();
    expect(await next).to.have.length(1);
  });

  it('does not overwrite a request that is still being handled with the next one', async () => {
    const seen: boolean[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const server = await started({
      bestOptions: async (request) => {
        const first = request[0];
        if (first === 1) await held;
        seen.push(request.every((byte) => byte === first));
        return new Uint8Array();
      },
    });
    const client = clientOf(server);
    const slow = called(client, new Uint8Array(2 * mebibyte).fill(1));
    await until(() => server.server.transportReport().openCalls === 1);
    for (const value of [2, 3, 4]) await called(client, new Uint8Array(2 * mebibyte).fill(value));
    release();
    await slow;
    expect(seen).to.deep.equal([true, true, true, true]);
  });
});
