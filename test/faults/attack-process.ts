/** Attacks on a server on loopback, bounded in number and time, in a process of their own. */
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { request as requestHttp, Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { option } from '../../scripts/wire-bytes.ts';
import { realRequests } from '../../scripts/wire-mutations.ts';
import type { AttackName, AttackOrder, AttackReport } from './attack-messages.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as AttackOrder;
const mebibyte = 1024 * 1024;
const host = '127.0.0.1';
const outcomes = new Map<string, number>();
const closers: (() => void)[] = [];
let isOver = false;

function came(what: string): void {
  outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
}

/** Attackers have many addresses; the autoscaler's, 127.0.0.1, is none of them. */
function address(index: number): string {
  return `127.0.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`;
}

function session(from: string, initialWindowSize?: number): Promise<ClientHttp2Session> {
  return new Promise((resolve) => {
    const one = connectHttp2(`https://localhost:${order.port}`, {
      ca: order.rootPem,
      localAddress: from,
      host,
      servername: 'localhost',
      ...(initialWindowSize !== undefined && { settings: { initialWindowSize } }),
    } as Parameters<typeof connectHttp2>[1]);
    one.on('error', () => resolve(one));
    one.on('connect', () => resolve(one));
    one.on('close', () => resolve(one));
    closers.push(() => one.destroy());
  });
}

function call(
  one: ClientHttp2Session,
  path: string,
  more: Readonly<Record<string, string>> = {},
): ClientHttp2Stream | undefined {
  if (one.destroyed || one.closed) {
    came('no connection');
    return undefined;
  }
  const stream = one.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  });
  stream.on('response', (headers) => came(`status ${String(headers['grpc-status'] ?? 'later')}`));
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
}

function prefix(length: number, flag = 0): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = flag;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

const bestOptions = '/grpcplugin.Expander/BestOptions';

async function unfinished(): Promise<void> {
  const body = Buffer.alloc(mebibyte - 1);
  const sessions = await Promise.all(Array.from({ length: 8 }, (_, index) => session(address(index))));
  for (const one of sessions)
    for (let index = 0; index < 250; index += 1) {
      const stream = call(one, bestOptions);
      stream?.write(prefix(mebibyte));
      stream?.write(body);
    }
  await sleep(6_000);
}

async function bodies(): Promise<void> {
  const methods = [
    '/grpc.health.v1.Health/Check',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    '/spotadvisor.v1.SpotAdvisor/Explain',
    '/grpc.health.v1.Health/Watch',
    '/spotadvisor.v1.SpotAdvisor/Rank',
  ];
  const piece = Buffer.alloc(mebibyte);
  await Promise.all(
    methods.map(async (path, index) => {
      const stream = call(await session(address(index)), path);
      stream?.write(prefix(400_000_000));
      for (let sent = 0; sent < 399 && stream !== undefined && !stream.closed && !isOver; sent += 1)
        if (!stream.write(piece))
          await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), sleep(2_000)]);
    }),
  );
}

async function bombs(): Promise<void> {
  const gzip = createGzip();
  const chunks: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  const zeros = Buffer.alloc(mebibyte);
  for (let index = 0; index < 512; index += 1)
    if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once('drain', resolve));
  await new Promise((resolve) => gzip.end(resolve));
  await sleep(50);
  const bomb = Buffer.concat(chunks);
  await Promise.all(
    Array.from({ length: 16 }, async (_, index) => {
      const stream = call(await session(address(index)), bestOptions, { 'grpc-encoding': 'gzip' });
      stream?.end(Buffer.concat([prefix(bomb.length, 1), bomb]));
      await Promise.race([new Promise((resolve) => stream?.once('close', resolve)), sleep(10_000)]);
    }),
  );
}

async function ids(): Promise<void> {
  const one = await session(address(0));
  for (let index = 0; index < (order.full ? 120 : 60); index += 1) {
    const message = option({ id: `${index}-`.padEnd(8 * mebibyte, 'x'), count: 1, raw: [] });
    const stream = call(one, bestOptions);
    stream?.end(Buffer.concat([prefix(message.length), message]));
    await Promise.race([new Promise((resolve) => stream?.once('close', resolve)), sleep(5_000)]);
  }
}

function raw(port: number, from: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, localAddress: from });
    closers.push(() => socket.destroy());
    socket.on('connect', () => resolve(socket));
    socket.on('error', () => resolve(socket));
    socket.on('close', () => came('closed by the server'));
    socket.resume();
  });
}

async function handshakes(): Promise<void> {
  for (let opened = 0; opened < 8_000; opened += 250) {
    const sockets = await Promise.all(
      Array.from({ length: 250 }, (_, index) => raw(order.port, address((opened + index) % 400))),
    );
    for (const socket of sockets) socket.write(Buffer.from('160301020001', 'hex'));
  }
}

async function idle(): Promise<void> {
  const most = order.full ? 3_000 : 750;
  for (let opened = 0; opened < most; opened += 25)
    await Promise.all(
      Array.from({ length: 25 }, async (_, index) => {
        const one = await session(address((opened + index) % 60));
        came(one.destroyed ? 'refused' : 'opened');
      }),
    );
}

async function readers(): Promise<void> {
  const most = order.full ? 1_100 : 300;
  const message = realRequests[2] ?? new Uint8Array();
  for (let opened = 0; opened < most; opened += 20)
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const one = await session(address((opened + index) % 40), 0);
        for (let asked = 0; asked < 4; asked += 1)
          call(one, bestOptions)?.end(Buffer.concat([prefix(message.length), message]));
      }),
    );
}

async function keepAlive(): Promise<void> {
  for (let opened = 0; opened < 1_000; opened += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const socket = await raw(order.httpPort, address((opened + index) % 40));
        socket.once('data', (chunk: Buffer) => came(chunk.toString('latin1').slice(9, 12)));
        socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
        await sleep(10);
      }),
    );
}

async function rank(): Promise<void> {
  const body = JSON.stringify({ resource_requirements: { vcpu: 1, memory_gb: 1 } });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, host: 'localhost' };
  const asked = (agent: Agent, from: string): Promise<void> =>
    new Promise((resolve) => {
      const one = requestHttp(
        {
          host,
          port: order.httpPort,
          localAddress: from,
          path: '/api/v1/rank',
          method: 'POST',
          headers,
          agent,
        },
        (response) => {
          came(String(response.statusCode));
          response.resume();
          response.on('close', resolve);
        },
      );
      one.on('error', () => {
        came('refused');
        resolve();
      });
      one.setTimeout(10_000, () => one.destroy());
      one.end(body);
    });
  for (let index = 0; index < 150; index += 1) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => agent.destroy());
    void (async () => {
      while (!isOver) {
        await asked(agent, address(index % 30));
        await sleep(100);
      }
    })();
  }
  await sleep(1_000);
}

const attacks: Readonly<Record<AttackName, () => Promise<void>>> = {
  unfinished,
  bodies,
  bombs,
  ids,
  handshakes,
  idle,
  readers,
  'keep-alive': keepAlive,
  rank,
};

function report(): AttackReport {
  return { remark: [...outcomes].map(([what, times]) => `${times} × ${what}`).join(', ') };
}

process.on('message', () => {
  isOver = true;
  const told = report();
  for (const close of closers) close();
  process.send?.(told, () => process.exit(0));
});
await attacks[order.attack]();
process.send?.(report());
