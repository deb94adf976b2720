import { randomInt } from 'node:crypto';
import { startGrpcServer, type GrpcServer } from '../../adapters/grpc/grpc-server.ts';
import { nativeSameBytes } from '../../adapters/grpc/native-same-bytes.ts';
import { apiRoutes, type Readiness } from '../../adapters/http/api-routes.ts';
import { startHttpServer } from '../../adapters/http/http-server.ts';
import { advisorHandlers } from '../../server/advisor/advisor-handlers.ts';
import { decisionIds } from '../../api/decision-ids.ts';
import { decisionLog } from '../../server/advisor/decision-log.ts';
import { spotAdvisor } from '../../server/advisor/spot-advisor.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import { capacityKeeper } from '../../server/expander/capacity-keeper.ts';
import { answeredBestOptions, type BestOptionsDependencies } from '../../server/expander/answered-best-options.ts';
import type { KnowledgeStatus } from '../../server/knowledge/knowledge-status.ts';
import { poolRisk } from '../../server/knowledge/pool-risk.ts';
import { namedRecording } from '../../server/recording/recording.ts';
import type { Pool } from '../../decision/pool.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import { jsonLog } from '../../telemetry/log.ts';
import { serveMetrics } from '../../server/telemetry/serve-metrics.ts';
import { ageSources, type AgeSource } from '../../server/telemetry/serve-gauges.ts';
import { standardOutput } from '../../telemetry/standard-output.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import type { CommandContext } from '../command-context.ts';
import { decisionPolicy } from './decision-policy.ts';
import { startedFleet } from './fleet.ts';
import { openKnowledge } from './open-knowledge.ts';
import { hostAndPort } from '../../config/value-types.ts';
import { demonstration } from './demonstration.ts';
import { readinessReasons } from './readiness-reasons.ts';
import { recordingsOf } from './recordings-of.ts';
import { servedCertificate } from './served-certificate.ts';
import { serveTelemetry } from '../../server/telemetry/serve-telemetry.ts';
import { version } from '../version.ts';
import { growUsually } from './young-generation.ts';

/** How long the first answers wait for knowledge; after that they degrade in named steps. */
const warmUpMs = 3_000;

/** Runs the server until the context's signal, then lets open calls end. */
export async function serve(config: ServeConfig, context: CommandContext, demo: boolean): Promise<void> {
  const stopping = new AbortController();
  try {
    await served(config, context, demo, stopping);
  } finally {
    // A start that fails half-way ends what it has begun, so that the process ends and can be started again.
    stopping.abort();
  }
}

async function served(
  config: ServeConfig,
  context: CommandContext,
  demo: boolean,
  stopping: AbortController,
): Promise<void> {
  const clock = systemClock;
  const startedMs = clock.monotonicMs();
  const log = jsonLog(config.log_level, 'serve');
  const metrics = serveMetrics({
    ageSeconds: (source) => ageSeconds(source),
    isWanted: (source) => isWanted(source),
    hotPools: () => fleet?.watch.hotPools.all(clock.nowMs()).length ?? 0,
    poolRisk: () =>
      poolRisk(knowledge.keeper.offerings().pools, knowledge.keeper.current(), policy.maxCrashProbability),
    openConnections: () => grpc.transportReport().openConnections,
    logLinesLost: () => standardOutput().linesLost(),
    isCertificateRefused: () => grpc.transportReport().certificateRefusal !== undefined,
    build: { version: version(), mode: config.mode },
  });
  const telemetry = serveTelemetry(metrics, log);
  const signal = stopping.signal;

  const policy = decisionPolicy(config);
  const capacity = capacityKeeper({
    policy,
    clock,
    onRest: (resting) => {
      telemetry.capacityRests(resting);
      fleet?.rests(resting);
    },
    onFault: telemetry.listenerFailed,
  });
  const fleet = watchesNodes(config)
    ? await startedFleet({
        kubeconfig: config.kubeconfig,
        environment: context.environment,
        stateDir: config.state_dir,
        advisorBand: (pool) => knowledge.keeper.current().advisorBand(pool),
        horizonHours: policy.riskHorizonHours,
        onNotice: telemetry.fleetNotice,
        onNewNode: (pool) => capacity.tell({ kind: 'node-appeared', atMs: clock.nowMs(), pool }),
        clock,
        log,
        signal,
      })
    : undefined;
  const knowledge = openKnowledge({
    config,
    clock,
    signal,
    events: telemetry,
    standIns: true,
    cooldown: capacity.cooldown,
    ...(fleet !== undefined && {
      poolSignal: (pool: Pool) => fleet.watch.hotPools.signal(pool, clock.nowMs()),
      fleetHazard: fleet.hazard,
      poolHazard: fleet.poolHazard,
    }),
  });
  const ageSeconds = (source: AgeSource): number | undefined => {
    switch (source) {
      case 'model':
        return secondsSince(createdAtMs(knowledge.modelKeeper?.status().card), clock);
      case 'node_watch':
        return fleet?.watch.lastHeardMs === undefined
          ? undefined
          : (clock.monotonicMs() - fleet.watch.lastHeardMs) / 1000;
      case 'spot_prices':
      case 'static_intelligence':
      case 'risk_table':
        return knowledge.keeper.status().ageSeconds[source];
    }
  };
  const isWanted = (source: AgeSource): boolean => {
    switch (source) {
      case 'node_watch':
        return fleet !== undefined;
      case 'model':
        return knowledge.modelKeeper !== undefined;
      case 'risk_table':
        return knowledge.modelKeeper !== undefined || config.risk_model === 'fleet-hazard';
      case 'spot_prices':
      case 'static_intelligence':
        return true;
    }
  };
  await knowledge.ready(warmUpMs);

  const decisions = decisionLog(decisionIds(clock.nowMs, () => randomInt(2 ** 31) / 2 ** 31));
  const recordings = recordingsOf(config, telemetry.recording, log);
  const expander: BestOptionsDependencies = {
    knowledge: knowledge.keeper.current,
    policy,
    clock,
    budgetMs: config.answer_budget,
    nextId: decisions.nextId,
    capacity,
    sameBytes: nativeSameBytes,
    later: (work) => void setImmediate(work),
    traceLookups: recordings !== undefined,
    events: {
      answered: (event) => {
        decisions.add(event.message);
        telemetry.scaleUpAnswered(event);
        const { request, atMs, message: answer, facts } = event;
        if (facts !== undefined)
          recordings?.record(() => namedRecording({ atMs, request, policy, facts: facts(), answer }));
      },
      malformed: telemetry.malformedRequest,
      listenerFailed: telemetry.listenerFailed,
    },
  };
  const advisor = spotAdvisor({
    knowledge: knowledge.keeper.current,
    offerings: knowledge.keeper.offerings,
    policy,
    region: config.region,
    clock,
    decisions,
    onDecision: telemetry.ownDecision,
  });

  const certificate = await servedCertificate(config);
  const grpc = await startGrpcServer({
    listen: hostAndPort(config.grpc_listen),
    tls: { certFile: certificate.certFile, keyFile: certificate.keyFile, clientCaFile: config.tls_client_ca },
    maxMessageBytes: config.max_message_size,
    maxConnectionAgeMs: config.max_connection_age,
    bestOptions: (request) => Promise.resolve(answeredBestOptions(request, expander)),
    services: [
      {
        service: 'spotadvisor.v1.SpotAdvisor',
        protoFile: 'spot_advisor.proto',
        handlers: advisorHandlers(advisor),
        requiresClientCertificate: config.tls_client_ca !== undefined,
      },
    ],
    onEvent: telemetry.grpcEvent,
  });
  metrics.certificateExpiry.set(grpc.transportReport().certificate.validToMs / 1000);

  const readiness = (): Readiness => ({
    ready: !context.signal.aborted,
    reasons: readinessReasons({
      knowledge: knowledge.keeper.status().degradations,
      certificate: grpc.transportReport().certificate,
      certificateRefusal: grpc.transportReport().certificateRefusal,
      nowMs: clock.nowMs(),
      model: knowledge.modelKeeper?.status(),
      nodeWatch: fleet && {
        lastHeardMs: fleet.watch.lastHeardMs,
        startedMs,
        nowMs: clock.monotonicMs(),
      },
    }),
  });
  const http = await startHttpServer({
    ...config.http_listen,
    routes: apiRoutes({
      advisor,
      metrics,
      readiness,
      health: () => health(config, grpc, knowledge.keeper.status(), ageSeconds),
    }),
    log,
    onAnswer: telemetry.httpAnswer,
  }).catch(async (error: unknown) => {
    await grpc.drain(0);
    throw error;
  });
  growUsually();
  grpc.setServing(true);
  log.info(
    {
      mode: config.mode,
      grpc: { ...config.grpc_listen, port: grpc.port },
      http: { host: http.host, port: http.port },
      certificate: certificate.certFile,
    },
    `listening for gRPC on ${config.grpc_listen.host}:${grpc.port} and for HTTP on ${http.host}:${http.port}`,
  );
  if (certificate.isDevelopment)
    context.writeError(`development certificate for localhost: ${certificate.certFile}\n`);
  for (const sentence of readiness().reasons) log.warn({}, sentence);
  if (demo)
    context.writeOut(
      await demonstration(expander, decisions, {
        grpcPort: grpc.port,
        httpPort: http.port,
        certFile: certificate.certFile,
      }),
    );

  await aborted(context.signal);
  log.info({ graceMs: config.drain_grace }, 'draining: no new calls, open ones may end');
  await Promise.all([grpc.drain(config.drain_grace), http.close(config.drain_grace)]);
  stopping.abort();
  await Promise.all([recordings?.close(2_000), fleet?.ended]);
  log.info({}, 'stopped');
}

function health(
  config: ServeConfig,
  grpc: GrpcServer,
  knowledge: KnowledgeStatus,
  ageSeconds: (source: AgeSource) => number | undefined,
): Readonly<Record<string, unknown>> {
  const { risk, spotPrices, staticIntelligence } = knowledge;
  return {
    version: version(),
    mode: config.mode,
    region: config.region,
    risk,
    spot_prices: spotPrices,
    static_intelligence: staticIntelligence,
    age_seconds: Object.fromEntries(ageSources.map((source) => [source, ageSeconds(source) ?? null])),
    transport: grpc.transportReport(),
  };
}

/** In PROD always; in TEST when a kubeconfig was named. */
function watchesNodes({ mode, kubeconfig }: ServeConfig): boolean {
  return mode === 'PROD' || kubeconfig !== undefined;
}

function createdAtMs(card: ModelCard | undefined): number | undefined {
  return card === undefined ? undefined : Date.parse(card.createdAt);
}

function secondsSince(ms: number | undefined, clock: Clock): number | undefined {
  return ms === undefined ? undefined : Math.max(0, (clock.nowMs() - ms) / 1000);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
