import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { PackageDefinition } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { messageOf } from '../../errors/message-of.ts';
import type { Doorway, DoorwayAddress, OpenDoorway, Seat } from '../../ports/doorway.ts';
import { BytesInFlight } from './bytes-in-flight.ts';
import { CallDesk } from './call-desk.ts';
import { certificateEndWatch } from './certificate-end-watch.ts';
import type { TlsFiles, WatchOptions } from './certificate-files.ts';
import { loadedCertificate, watchedCertificate } from './certificate-files.ts';
import type { CertificateReport, GrpcEvent, TransportReport } from '../../ports/grpc-events.ts';
import type { BytesHandler, GrpcMethod } from './grpc-method.ts';
import { LargeMessages } from './large-messages.ts';
import { libraryServices } from './library-services.ts';
import { OpenCalls } from './open-calls.ts';
import { ReceiveBuffers } from './receive-buffers.ts';
import { ReceivedPieces } from './received-pieces.ts';
import type { OwnService } from './services.ts';
import { bestOptionsUnary, expanderService, loadedProto, ownMethods, serviceIn } from './services.ts';
import { largeWindowBytes, SessionKeeper } from './session-keeper.ts';

export interface GrpcServerOptions {
  readonly listen: DoorwayAddress;
  /** Who takes connections, and bounds them. */
  readonly doorway: Doorway<Socket>;
  readonly tls: TlsFiles;
  /** Larger requests end with RESOURCE_EXHAUSTED; all calls together hold twice as much. Default 512 MiB. */
  readonly maxMessageBytes?: number;
  /** Connections are asked to renew after this time ± 10 %; calls on them end first. Default: never. */
  readonly maxConnectionAgeMs?: number;
  /** A message that has not arrived whole by then ends its call, whatever deadline the client set. Default 20 s. */
  readonly receiveLimitMs?: number;
  /** A marshalled BestOptionsRequest in, a marshalled BestOptionsResponse out. */
  readonly bestOptions: BytesHandler;
  readonly services?: readonly OwnService[];
  /** Whether this is the token that names a caller where no certificate does; undefined: there is none. */
  readonly isToken?: ((text: string) => boolean) | undefined;
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

const defaultMaxMessageBytes = 512 * 1024 * 1024;
/** Of the largest message: two that are handled side by side. The container's memory is sized by it. */
const inFlightMessages = 2;
/** What small messages and the calls themselves take beside them. */
const inFlightRoomBytes = 16 * 1024 * 1024;
const buffersIdleMs = 60_000;
const defaultReceiveLimitMs = 20_000;
/** Connections without calls close by themselves within this time. */
const flushMs = 250;

/** How long a call may be on its way when a drain begins. */
const hearingMs = 200;
const defaultWatch: WatchOptions = { pollMs: 10_000, settleMs: 250 };

/** Bounds of one connection; every figure is far above what a gRPC client needs. */
const sessionLimits = {
  // Megabytes that one connection's own bookkeeping may take.
  maxSessionMemory: 16,
  maxHeaderListPairs: 64,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 50,
  unknownProtocolTimeout: 2_000,
  settings: { initialWindowSize: largeWindowBytes, maxConcurrentStreams: 32, maxHeaderListSize: 16 * 1024 },
} as const;

/**
 * The gRPC server: the autoscaler's Expander, our own services, health and reflection, on TLS. It stands on the platform's HTTP/2:
 * what bounds memory has to be decided between a call's headers and the first byte of its message, where the gRPC library has
 * no seam.
 * @throws CertificateRefused when the certificate files cannot be served, Error when the address cannot be bound
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { tls, bestOptions, services = [], onEvent = () => undefined } = options;
  const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
  const first = await loadedCertificate(tls);
  const served = servedMethods(services, bestOptions, maxMessageBytes);
  const buffers = new ReceiveBuffers(maxMessageBytes, buffersIdleMs);
  const inFlight = new BytesInFlight({
    limitBytes: inFlightMessages * maxMessageBytes + inFlightRoomBytes,
    keptBytes: () => buffers.keptBytes,
    onScarce: () => buffers.close(),
  });
  const sessions = new SessionKeeper({ maxAgeMs: options.maxConnectionAgeMs, inFlight });
  const largeMessages = new LargeMessages(() => inFlight.endSlowest());
  const seats = new WeakMap<Http2Session, Seat>();
  const openCalls = new OpenCalls();
  const http2Server = createSecureServer({
    ...first.context,
    ...sessionLimits,
    // The autoscaler brings no certificate, so one is asked for and checked service by service.
    requestCert: tls.clientCaFile !== undefined,
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
  });
  const door = await opened(options, http2Server);
  const desk = new CallDesk({
    methods: served.methods,
    openCalls,
    inFlight,
    unary: {
      buffers,
      pieces: new ReceivedPieces(),
      inFlight,
      receiveLimitMs: options.receiveLimitMs ?? defaultReceiveLimitMs,
      onEvent,
      onMessage: (stream, seat, bytes) => {
        const begun = largeMessages.begin(stream.session, seat, bytes);
        if (typeof begun !== 'function') return begun;
        const narrow = sessions.largeMessage(stream, bytes, seat?.isKnown() ?? false);
        return () => {
          begun();
          narrow();
        };
      },
    },
    checksClients: tls.clientCaFile !== undefined || options.isToken !== undefined,
    isToken: options.isToken ?? (() => false),
    seatOf: (session) => (session === undefined ? undefined : seats.get(session)),
    onEvent,
  });
  listen(http2Server, sessions, desk, (session) => {
    const { remoteAddress, remotePort } = session.socket;
    const seat = door.seatOf(`${remoteAddress ?? ''}:${remotePort ?? 0}`);
    if (seat === undefined) return;
    seats.set(session, seat);
    seat.established();
  });

  let certificate: CertificateReport = first.report;
  let certificateRefusal: string | undefined;
  const watcher = watchedCertificate(
    tls,
    first,
    options.watch ?? defaultWatch,
    (loaded) => {
      http2Server.setSecureContext(loaded.context);
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

  const { port } = door;
  return {
    port,
    setServing: served.setServing,
    transportReport: () => ({
      streamWindowBytes: largeWindowBytes,
      connectionWindowBytes: sessions.largeWindow,
      windowsInForce:
        sessions.largeWindow === undefined ? undefined : sessions.largeWindow >= largeWindowBytes,
      openCalls: openCalls.count,
      openConnections: sessions.count,
      bytesInFlight: inFlight.bytes,
      bytesInFlightLimit: inFlight.limitBytes,
      certificate,
      certificateRefusal,
    }),
    drain: async (graceMs) => {
      served.setServing(false);
      watcher.close();
      endWatch.close();
      door.close();
      await sessions.closeAll(Math.min(hearingMs, graceMs));
      // Health watches and reflection streams have no end of their own; a drain waits for calls that have.
      await Promise.race([
        openCalls.ended().then(() => (sessions.count === 0 ? undefined : delay(Math.min(flushMs, graceMs)))),
        delay(graceMs, undefined, { ref: false }),
      ]);
      sessions.destroyAll();
      door.closeConnections();
      buffers.close();
    },
  };
}

function listen(
  server: Http2SecureServer,
  sessions: SessionKeeper,
  desk: CallDesk,
  established: (session: Http2Session) => void,
): void {
  server.on('session', (session) => {
    established(session);
    sessions.opened(session);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
    desk.take(stream, headers),
  );
  // Handshakes that fail and connections that break are their clients' matter.
  for (const event of ['tlsClientError', 'sessionError', 'error']) server.on(event, () => undefined);
}

async function opened(
  { doorway, listen: address }: GrpcServerOptions,
  server: Http2SecureServer,
): Promise<OpenDoorway> {
  try {
    return await doorway.open(address, (socket) => void server.emit('connection', socket));
  } catch (cause) {
    const { host, port } = address;
    throw new Error(
      `cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Every method by its path, and one hand on the health of all. */
function servedMethods(
  services: readonly OwnService[],
  bestOptions: BytesHandler,
  maxMessageBytes: number,
): { readonly methods: ReadonlyMap<string, GrpcMethod>; readonly setServing: (isServing: boolean) => void } {
  const expander = loadedProto('expander.proto');
  const packages = [expander, ...services.map(({ protoFile }) => loadedProto(protoFile))];
  serviceIn(expander, expanderService);
  const own = services.flatMap((service, index) =>
    ownMethods(service, serviceIn(packages[index + 1] ?? {}, service.service)),
  );
  const reflected: PackageDefinition = Object.fromEntries(
    [...packages, loadedProto(healthProto)].flatMap((one) => Object.entries(one)),
  );
  const library = libraryServices(reflected);
  const names = ['', expanderService, ...services.map(({ service }) => service)];
  const setServing = (isServing: boolean): void => {
    for (const name of names) library.setHealth(name, isServing ? 'SERVING' : 'NOT_SERVING');
  };
  setServing(false);
  const methods = [bestOptionsUnary(bestOptions, maxMessageBytes), ...own, ...library.methods];
  return { methods: new Map(methods.map((method) => [method.path, method])), setServing };
}
