import { admission, apiAdmissionLimits, probeAdmissionLimits } from '../../adapters/doorway/admission.ts';
import {
  apiDoorwayLimits,
  doorway,
  grpcDoorwayLimits,
  probeDoorwayLimits,
} from '../../adapters/doorway/doorway.ts';
import { clientOf } from '../../adapters/doorway/client-of.ts';
import { isNamedBy, type Caller } from '../../adapters/doorway/named-callers.ts';
import { startGrpcServer, type GrpcServer } from '../../adapters/grpc/grpc-server.ts';
import { apiRoutes, probeRoutes } from '../../adapters/http/api-routes.ts';
import { startHttpServer, type HttpServer } from '../../adapters/http/http-server.ts';
import { routeGuard } from '../../adapters/http/route-guard.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import { advisorHandlers } from '../../server/advisor/advisor-handlers.ts';
import { answeredBestOptions } from '../../server/expander/answered-best-options.ts';
import type { BestOptionsCaller } from '../../server/expander/best-options-caller.ts';
import { apiToken } from './api-token.ts';
import { addressError } from './taken-address.ts';
import { servedCertificate, type ServedCertificate } from './served-certificate.ts';
import { serveParts, type ServeOverrides, type ServeParts } from './serve-parts.ts';
import { ServeStatus } from './serve-status.ts';
import { growUsually } from './young-generation.ts';

/** How long the first answers wait for knowledge; after that they degrade in named steps. */
const warmUpMs = 3_000;
const recordingsCloseMs = 2_000;

/** Where a started server is reached. */
export interface Listening {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Undefined: probes have no port of their own. */
  readonly probePort: number | undefined;
  readonly certificate: ServedCertificate;
  /** What answers lack from the start, one sentence each. */
  readonly reasons: readonly string[];
}

type IsToken = (text: string) => boolean;

interface Ports {
  readonly grpc: GrpcServer;
  readonly http: HttpServer;
  /** Undefined: probes have no port of their own. */
  readonly probes: HttpServer | undefined;
}

/** `serve` as an object: created with its sources of knowledge, started on its ports, stopped with everything written. */
export class SpotServer {
  readonly parts: ServeParts;
  readonly #stopping: AbortController;
  #isDraining = false;
  #ports: Ports | undefined;

  /** Whether a caller is believed about capacity. */
  readonly #isNamed: (caller: Caller) => boolean;

  private constructor(parts: ServeParts, stopping: AbortController) {
    this.parts = parts;
    this.#stopping = stopping;
    const callers = parts.config.autoscaler_callers;
    this.#isNamed = callers === undefined ? () => true : isNamedBy(callers);
  }

  /**
   * Opens every source that the configuration names.
   * @throws UsageError for what an operator must change; nothing goes on in the background then.
   */
  static async create(
    config: ServeConfig,
    environment: Readonly<Record<string, string | undefined>>,
    overrides: ServeOverrides = {},
  ): Promise<SpotServer> {
    const stopping = new AbortController();
    try {
      return new SpotServer(await serveParts(config, environment, overrides, stopping.signal), stopping);
    } catch (error) {
      stopping.abort();
      throw error;
    }
  }

  /**
   * Listens, once knowledge is there or has been waited for.
   * @throws CertificateRefused, UsageError, or Error when a port cannot be taken; nothing listens and nothing goes on then.
   */
  async start(): Promise<Listening> {
    try {
      const { knowledge, config } = this.parts;
      await knowledge.ready(warmUpMs);
      const certificate = await servedCertificate(config);
      const isToken =
        config.api_token_file === undefined
          ? undefined
          : apiToken(config.api_token_file, this.parts.clock, this.parts.log);
      const grpc = await this.#grpcServer(certificate, isToken);
      const status = new ServeStatus(this.parts, grpc);
      const http = await this.#httpServer(status, isToken).catch(async (error: unknown) => {
        await grpc.drain(0);
        throw error;
      });
      const probes = await this.#probeServer(status).catch(async (error: unknown) => {
        await Promise.all([grpc.drain(0), http.close(0)]);
        throw error;
      });
      this.#ports = { grpc, http, probes };
      growUsually();
      grpc.setServing(true);
      return this.#listening(certificate, status);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes no new calls, lets open ones end within the configured grace, and resolves when everything is written. */
  async stop(): Promise<void> {
    const { config, log, recordings, ended } = this.parts;
    this.#isDraining = true;
    if (this.#ports !== undefined) {
      const { grpc, http, probes } = this.#ports;
      this.#ports = undefined;
      log.info({ graceMs: config.drain_grace }, 'draining: no new calls, open ones may end');
      await Promise.all([grpc.drain(config.drain_grace), http.close(config.drain_grace)]);
      // Whoever probes is told until the end.
      await probes?.close(0);
    }
    this.#stopping.abort();
    await Promise.all([recordings?.close(recordingsCloseMs), ended()]);
  }

  #grpcServer({ certFile, keyFile }: ServedCertificate, isToken: IsToken | undefined): Promise<GrpcServer> {
    const { config, expander, advisor, telemetry } = this.parts;
    return startGrpcServer({
      listen: config.grpc_listen,
      doorway: doorway({
        limits: grpcDoorwayLimits,
        hasHandshake: true,
        onRefused: (why) => telemetry.connectionRefused('grpc', why),
      }),
      tls: { certFile, keyFile, clientCaFile: config.tls_client_ca },
      maxMessageBytes: config.max_message_size,
      maxConnectionAgeMs: config.max_connection_age,
      bestOptions: (request, call) =>
        Promise.resolve(answeredBestOptions(request, expander, this.#callerOf(call))),
      services: [
        {
          service: 'spotadvisor.v1.SpotAdvisor',
          protoFile: 'spot_advisor.proto',
          handlers: advisorHandlers(advisor),
          requiresClientCertificate: true,
        },
      ],
      isToken,
      onEvent: telemetry.grpcEvent,
    }).catch((error: unknown) => {
      throw addressError('--grpc-listen', config.grpc_listen, error);
    });
  }

  /** Where the autoscaler's callers are named, they alone tell of capacity, and have a history that no other caller can fill. */
  #callerOf({ peer, authority }: Caller): BestOptionsCaller {
    const isBelieved = this.#isNamed({ peer, authority });
    const isNamed = isBelieved && this.parts.config.autoscaler_callers !== undefined;
    return { name: isNamed ? 'autoscaler' : clientOf(peer.replace(/:\d+$/, '')), isBelieved };
  }

  #httpServer(status: ServeStatus, isToken: IsToken | undefined): Promise<HttpServer> {
    const { config, advisor, metrics, telemetry, log } = this.parts;
    metrics.measure(status.metricSources());
    return startHttpServer({
      ...config.http_listen,
      doorway: doorway({
        limits: apiDoorwayLimits,
        hasHandshake: false,
        onRefused: (why) => telemetry.connectionRefused('http', why),
      }),
      guard: routeGuard({
        isToken,
        wantsNames: config.tls_client_ca !== undefined,
        hosts: config.api_hosts ?? [],
      }),
      admission: admission(apiAdmissionLimits),
      routes: apiRoutes({
        advisor,
        metrics,
        readiness: () => status.readiness(this.#isDraining),
        health: () => status.health(),
      }),
      log,
      onAnswer: telemetry.httpAnswer,
    }).catch((error: unknown) => {
      throw addressError('--http-listen', config.http_listen, error);
    });
  }

  async #probeServer(status: ServeStatus): Promise<HttpServer | undefined> {
    const { config, metrics, telemetry, log } = this.parts;
    const { probe_listen } = config;
    if (probe_listen === undefined) return undefined;
    return startHttpServer({
      ...probe_listen,
      doorway: doorway({
        limits: probeDoorwayLimits,
        hasHandshake: false,
        onRefused: (why) => telemetry.connectionRefused('probe', why),
      }),
      admission: admission(probeAdmissionLimits),
      routes: probeRoutes({ metrics, readiness: () => status.readiness(this.#isDraining) }),
      log,
      onAnswer: telemetry.httpAnswer,
    }).catch((error: unknown) => {
      throw addressError('--probe-listen', probe_listen, error);
    });
  }

  #listening(certificate: ServedCertificate, status: ServeStatus): Listening {
    const { config, log, metrics } = this.parts;
    const { grpc, http, probes } = this.#ports ?? {};
    if (grpc === undefined || http === undefined) throw new Error('the server does not listen');
    metrics.certificateExpiry.set(grpc.transportReport().certificate.validToMs / 1000);
    log.info(
      {
        mode: config.mode,
        grpc: { ...config.grpc_listen, port: grpc.port },
        http: { host: http.host, port: http.port },
        ...(probes !== undefined && { probes: { host: probes.host, port: probes.port } }),
        certificate: certificate.certFile,
      },
      `listening for gRPC on ${config.grpc_listen.host}:${grpc.port} and for HTTP on ${http.host}:${http.port}${probes === undefined ? '' : `, for probes on ${probes.host}:${probes.port}`}`,
    );
    const { reasons } = status.readiness(false);
    return { grpcPort: grpc.port, httpPort: http.port, probePort: probes?.port, certificate, reasons };
  }
}
