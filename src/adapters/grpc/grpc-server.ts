import type { ServerHttp2Session } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { Server } from '@grpc/grpc-js';
import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, protoPath as healthProto } from 'grpc-health-check';
import type { TlsFiles, WatchOptions } from './certificate-files.ts';
import { certificateEndWatch } from './certificate-end-watch.ts';
import { loadedCertificate, watchedCertificate } from './certificate-files.ts';
import type { CertificateReport, GrpcEvent, TransportReport } from '../../ports/grpc-events.ts';
import { divertStreams, eachSession, http2ServersOf, widenedWindow } from './http2-servers.ts';
import { withMapEntryNames } from './map-entry-names.ts';
import { OpenCalls } from './open-calls.ts';
import { ReceiveBuffers } from './receive-buffers.ts';
import { ReceivedPieces } from './received-pieces.ts';
import { ReloadableCredentials } from './reloadable-credentials.ts';
import { bestOptionsMethod, expanderService, serviceOfBytes } from './bytes-service.ts';
import type { OwnService } from './services.ts';
import { implementationOf, loadedProto, serviceIn } from './services.ts';
import type { BytesHandler } from './unary-stream.ts';
import { isPlainGrpc, serveUnaryStream } from './unary-stream.ts';

export interface GrpcServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly tls: TlsFiles;
  /** Larger requests end with RESOURCE_EXHAUSTED. Default 512 MiB. */
  readonly maxMessageBytes?: number;
  /** Connections are asked to renew after this time ± 10 %; calls on them end first. Default: never. */
  readonly maxConnectionAgeMs?: number;
  /** A message that has not arrived whole by then ends its call, whatever deadline the client set. Default 60 s. */
  readonly receiveLimitMs?: number;
  /** A marshalled BestOptionsRequest in, a marshalled BestOptionsResponse out. */
  readonly bestOptions: BytesHandler;
  readonly services?: readonly OwnService[];
  readonly onEvent?: (event: GrpcEvent) => void;
  /** How certificate files are watched. Default: every 10 s, and 250 ms after a change is seen. */
  readonly watch?: WatchOptions;
}

export interface GrpcServer {
  readonly port: number;
  /** Health answers SERVING or NOT_SERVING for the whole and for each service. NOT_SERVING until told otherwise. */
  setServing(isServing: boolean): void;
  transportReport(): TransportReport;
  /** Takes no new connections and calls, lets open calls end for up to `graceMs`, then closes what is left. */
  drain(graceMs: number): Promise<void>;
}

const windowBytes = 16 * 1024 * 1024;
const defaultMaxMessageBytes = 512 * 1024 * 1024;
const maxConcurrentStreams = 256;
/** A connection that is gone without a word is noticed after this time. */
const keepaliveMs = 120_000;
const connectionAgeGraceMs = 60_000;
const buffersIdleMs = 60_000;
const defaultReceiveLimitMs = 60_000;
/** Connections without calls close by themselves within this time. */
const flushMs = 250;
const defaultWatch: WatchOptions = { pollMs: 10_000, settleMs: 250 };

/**
 * The gRPC server: the autoscaler's Expander, our own services, health and reflection, on TLS.
 * BestOptions requests are received in place (see {@link serveUnaryStream}); everything else is the library's.
 * @throws CertificateRefused when the certificate files cannot be served, Error when the address cannot be bound
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { tls, bestOptions, services = [], onEvent = () => undefined } = options;
  const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
  const first = await loadedCertificate(tls);
  const credentials = new ReloadableCredentials(
    {
      settings: { initialWindowSize: windowBytes, maxConcurrentStreams },
      // The autoscaler brings no certificate, so one is asked for and checked service by service.
      requestCert: tls.clientCaFile !== undefined,
      rejectUnauthorized: false,
    },
    first.context,
  );
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.max_connection_age_grace_ms': connectionAgeGraceMs,
    ...(options.maxConnectionAgeMs === undefined
      ? {}
      : { 'grpc.max_connection_age_ms': options.maxConnectionAgeMs }),
  });

  const openCalls = new OpenCalls();
  const health = served(server, services, tls.clientCaFile !== undefined, bestOptions, onEvent);
  const port = await bound(server, options.listen, credentials);

  const buffers = new ReceiveBuffers(maxMessageBytes, buffersIdleMs);
  const pieces = new ReceivedPieces();
  const unary = {
    method: bestOptionsMethod,
    maxMessageBytes,
    buffers,
    pieces,
    receiveLimitMs: options.receiveLimitMs ?? defaultReceiveLimitMs,
    handler: bestOptions,
    onEvent,
  };
  const sessions = new Set<ServerHttp2Session>();
  let connectionWindowBytes: number | undefined;
  let windowsInForce: boolean | undefined;
  const http2Servers = http2ServersOf(server);
  const diverted = http2Servers.map((http2Server) => {
    eachSession(http2Server, (session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      const bytes = widenedWindow(session, windowBytes);
      windowsInForce = bytes !== undefined && bytes >= windowBytes;
      if (windowsInForce) connectionWindowBytes = bytes;
      else
        onEvent({ kind: 'windows-not-in-force', reason: `connection window is ${bytes ?? 'not settable'}` });
    });
    return divertStreams(http2Server, (stream, headers) => {
      openCalls.opened(stream, headers);
      if (headers[':path'] !== bestOptionsMethod || !isPlainGrpc(headers)) return false;
      serveUnaryStream(stream, headers, unary);
      return true;
    });
  });
  const isDirect = diverted.length > 0 && diverted.every(Boolean);
  if (http2Servers.length === 0) {
    onEvent({
      kind: 'windows-not-in-force',
      reason: 'this version of @grpc/grpc-js hides its HTTP/2 servers',
    });
  }

  let certificate: CertificateReport = first.report;
  let certificateRefusal: string | undefined;
  const watcher = watchedCertificate(
    tls,
    first,
    options.watch ?? defaultWatch,
    (loaded) => {
      credentials.replace(loaded.context);
      certificate = loaded.report;
      certificateRefusal = undefined;
      onEvent({ kind: 'certificate-loaded', certificate });
    },
    (reason) => {
      certificateRefusal = reason;
      onEvent({ kind: 'certificate-refused', reason });
    },
  );

  const endWatch = certificateEndWatch(() => certificate, onEvent);

  const setServing = (isServing: boolean): void => health(isServing ? 'SERVING' : 'NOT_SERVING');
  return {
    port,
    setServing,
    transportReport: () => ({
      streamWindowBytes: windowBytes,
      connectionWindowBytes,
      windowsInForce,
      bestOptionsPath: isDirect ? 'direct' : 'grpc-js',
      openCalls: openCalls.count,
      openConnections: sessions.size,
      certificate,
      certificateRefusal,
    }),
    drain: async (graceMs) => {
      setServing(false);
      watcher.close();
      endWatch.close();
      await drained(server, openCalls, graceMs);
      // The library forgets its connections when it does not trace them.
      for (const session of sessions) session.destroy();
      buffers.close();
    },
  };
}

/** Adds every service; the result sets the health of all of them. */
function served(
  server: Server,
  services: readonly OwnService[],
  checksClients: boolean,
  bestOptions: BytesHandler,
  onEvent: (event: GrpcEvent) => void,
): (status: 'SERVING' | 'NOT_SERVING') => void {
  const expander = loadedProto('expander.proto');
  const packages = [expander, ...services.map(({ protoFile }) => loadedProto(protoFile))];
  server.addService(...serviceOfBytes(serviceIn(expander, expanderService), bestOptions, onEvent));
  for (const [index, service] of services.entries()) {
    const definition: ServiceDefinition = serviceIn(packages[index + 1] ?? {}, service.service);
    server.addService(definition, implementationOf(service, definition, checksClients, onEvent));
  }
  const names = [expanderService, ...services.map(({ service }) => service)];
  const health = new HealthImplementation();
  health.addToServer(server);
  const setAll = (status: 'SERVING' | 'NOT_SERVING'): void => {
    for (const name of ['', ...names]) health.setStatus(name, status);
  };
  setAll('NOT_SERVING');
  const reflected: PackageDefinition = Object.fromEntries(
    [...packages, loadedProto(healthProto)].flatMap((one) => Object.entries(one)),
  );
  new ReflectionService(withMapEntryNames(reflected)).addToServer(server);
  return setAll;
}

function bound(server: Server, listen: string, credentials: ReloadableCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`cannot listen on ${listen}: ${error.message}`, { cause: error }));
    });
  });
}

/** Health watches and reflection streams have no end of their own; a drain waits for calls that have. */
async function drained(server: Server, openCalls: OpenCalls, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const limit = AbortSignal.timeout(graceMs);
  const graceOver = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()));
  const idle = openCalls.ended().then(() => delay(flushMs));
  await Promise.race([closed, graceOver, idle]);
  server.forceShutdown();
}
