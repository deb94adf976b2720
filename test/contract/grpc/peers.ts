import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import type {
  ClientHttp2Session,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  SecureClientSessionOptions,
} from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallOptions, ServiceError } from '@grpc/grpc-js';
import { Client, Metadata, compressionAlgorithms, credentials } from '@grpc/grpc-js';
import { devCertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import type { CertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import { doorway, grpcDoorwayLimits } from '../../../src/adapters/doorway/doorway.ts';
import { startGrpcServer } from '../../../src/adapters/grpc/grpc-server.ts';
import type { GrpcServer, GrpcServerOptions } from '../../../src/adapters/grpc/grpc-server.ts';
import type { GrpcEvent } from '../../../src/ports/grpc-events.ts';

export const bestOptions = '/grpcplugin.Expander/BestOptions';

export const freshDirectory = (): string => mkdtempSync(join(tmpdir(), 'grpc-contract-'));

/** A certificate for localhost that is its own root. */
export const freshCertificate = (): Promise<CertificateFiles> =>
  devCertificateFiles(freshDirectory(), new Date());

/** A certificate for a client that is its own root. */
export async function freshIdentity(): Promise<CertificateFiles> {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'operator' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true },
      { name: 'extKeyUsage', clientAuth: true },
    ],
  });
  const directory = freshDirectory();
  const files = { certFile: join(directory, 'client.crt'), keyFile: join(directory, 'client.key') };
  writeFileSync(files.certFile, made.cert);
  writeFileSync(files.keyFile, made.private);
  return files;
}

export interface RunningServer {
  readonly server: GrpcServer;
  readonly certificate: CertificateFiles;
  readonly events: GrpcEvent[];
  readonly port: number;
}

const running: GrpcServer[] = [];

/** A server on a free port of localhost; `stopAll` ends it. */
export async function started(options: Partial<GrpcServerOptions> = {}): Promise<RunningServer> {
  const certificate = await freshCertificate();
  const events: GrpcEvent[] = [];
  const server = await startGrpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    doorway: doorway({ limits: grpcDoorwayLimits, hasHandshake: true }),
    tls: certificate,
    bestOptions: (request) => Promise.resolve(Uint8Array.from(request)),
    onEvent: (event) => events.push(event),
    ...options,
  });
  running.push(server);
  return { server, certificate, events, port: server.port };
}

const clients: { close(): void }[] = [];

export async function stopAll(): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(running.splice(0).map((server) => server.drain(0)));
}

export interface ClientShape {
  readonly compressed?: boolean;
  readonly identity?: CertificateFiles;
}

export function clientOf({ port, certificate }: RunningServer, shape: ClientShape = {}): Client {
  const identity = shape.identity;
  const tls = credentials.createSsl(
    readFileSync(certificate.certFile),
    identity === undefined ? null : readFileSync(identity.keyFile),
    identity === undefined ? null : readFileSync(identity.certFile),
  );
  const client = new Client(`localhost:${port}`, tls, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    ...(shape.compressed === true
      ? { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip }
      : {}),
  });
  clients.push(client);
  return client;
}

/** The answer's bytes, or the error with its status. */
export function called(
  client: Client,
  request: Uint8Array,
  options: CallOptions = {},
  method = bestOptions,
): Promise<Uint8Array> {
  return calling(client, request, options, method).answer;
}

/** The same, with a way to give the call up. */
export function calling(
  client: Client,
  request: Uint8Array,
  options: CallOptions = {},
  method = bestOptions,
): { readonly answer: Promise<Uint8Array>; readonly cancel: () => void } {
  let cancel = (): void => undefined;
  const answer = new Promise<Uint8Array>((resolve, reject) => {
    const bytes = (message: Uint8Array): Buffer => Buffer.from(message);
    const call = client.makeUnaryRequest(
      method,
      bytes,
      (message) => message,
      request,
      new Metadata(),
      options,
      (error, answer) => {
        if (error === null) resolve(answer ?? new Uint8Array());
        else reject(error);
      },
    );
    cancel = () => call.cancel();
  });
  return { answer, cancel: () => cancel() };
}

/** Status code and message of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<readonly [code: number, details: string]> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as ServiceError;
    return [code, details];
  }
  throw new Error('the call succeeded');
}

export function http2Client(
  { port, certificate }: RunningServer,
  localAddress = '127.0.0.1',
): ClientHttp2Session {
  const session = connect(`https://localhost:${port}`, {
    ca: readFileSync(certificate.certFile),
    host: '127.0.0.1',
    localAddress,
  } as SecureClientSessionOptions);
  session.on('error', () => undefined);
  clients.push({ close: () => session.destroy() });
  return session;
}

/** Sends `body` as it is; headers and trailers of the answer in one. */
export function rawCall(
  session: ClientHttp2Session,
  body: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    let answer: IncomingHttpHeaders = {};
    const stream = session.request({
      ':method': 'POST',
      ':path': bestOptions,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('response', (got) => (answer = { ...answer, ...got }));
    stream.on('trailers', (got: IncomingHttpHeaders) => (answer = { ...answer, ...got }));
    stream.on('error', reject);
    stream.on('close', () => resolve(answer));
    stream.resume();
    stream.end(body);
  });
}

/** A message with its five-byte prefix. */
export function framed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame[0] = flag;
  frame.writeUInt32BE(length, 1);
  frame.set(message, 5);
  return frame;
}

/** Resolves when `isSo` says yes. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
