import type { GrpcServer } from '../../adapters/grpc/grpc-server.ts';
import type { Readiness } from '../../adapters/http/api-routes.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import type { Clock } from '../../ports/clock.ts';
import { poolRisk } from '../../server/knowledge/pool-risk.ts';
import { ageSources, type AgeSource, type MetricSources } from '../../server/telemetry/serve-gauges.ts';
import { standardOutput } from '../../telemetry/standard-output.ts';
import { version } from '../version.ts';
import { readinessReasons } from './readiness-reasons.ts';
import type { ServeParts } from './serve-parts.ts';

/** How the server is, for probes, metrics and people. */
export class ServeStatus {
  readonly #parts: ServeParts;
  readonly #grpc: Pick<GrpcServer, 'transportReport'>;

  constructor(parts: ServeParts, grpc: Pick<GrpcServer, 'transportReport'>) {
    this.#parts = parts;
    this.#grpc = grpc;
  }

  ageSeconds(source: AgeSource): number | undefined {
    const { knowledge, fleet, clock } = this.#parts;
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
  }

  isWanted(source: AgeSource): boolean {
    const { knowledge, fleet, config } = this.#parts;
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
  }

  metricSources(): MetricSources {
    const { knowledge, fleet, clock, policy, config } = this.#parts;
    return {
      ageSeconds: (source) => this.ageSeconds(source),
      isWanted: (source) => this.isWanted(source),
      hotPools: () => fleet?.watch.hotPools.all(clock.nowMs()).length ?? 0,
      poolRisk: () =>
        poolRisk(knowledge.keeper.offerings().pools, knowledge.keeper.current(), policy.maxCrashProbability),
      openConnections: () => this.#grpc.transportReport().openConnections,
      bytesInFlight: () => this.#grpc.transportReport().bytesInFlight,
      logLinesLost: () => standardOutput().linesLost(),
      isCertificateRefused: () => this.#grpc.transportReport().certificateRefusal !== undefined,
      build: { version: version(), mode: config.mode },
    };
  }

  readiness(isStopping: boolean): Readiness {
    const { knowledge, fleet, clock, startedMs } = this.#parts;
    const { certificate, certificateRefusal } = this.#grpc.transportReport();
    return {
      ready: !isStopping,
      reasons: readinessReasons({
        knowledge: this.#lacking(),
        certificate,
        certificateRefusal,
        nowMs: clock.nowMs(),
        model: knowledge.modelKeeper?.status(),
        nodeWatch: fleet && {
          lastHeardMs: fleet.watch.lastHeardMs,
          startedMs,
          nowMs: clock.monotonicMs(),
        },
      }),
    };
  }

  /** What is lacking, and where anything is, what answers rest on all the same. */
  #lacking(): readonly string[] {
    const { knowledge } = this.#parts;
    const { degradations, restsOn } = knowledge.keeper.status();
    const lacking = [...knowledge.standingIn(), ...degradations];
    return lacking.length === 0 ? [] : [restsOn, ...lacking];
  }

  health(): Readonly<Record<string, unknown>> {
    const { knowledge, config } = this.#parts;
    const { risk, spotPrices, staticIntelligence, restsOn } = knowledge.keeper.status();
    return {
      version: version(),
      mode: config.mode,
      region: config.region,
      rests_on: restsOn,
      risk,
      spot_prices: spotPrices,
      static_intelligence: staticIntelligence,
      account_record: knowledge.accountRecord() ?? null,
      age_seconds: Object.fromEntries(ageSources.map((source) => [source, this.ageSeconds(source) ?? null])),
      transport: this.#grpc.transportReport(),
    };
  }
}

function createdAtMs(card: ModelCard | undefined): number | undefined {
  return card === undefined ? undefined : Date.parse(card.createdAt);
}

function secondsSince(ms: number | undefined, clock: Clock): number | undefined {
  return ms === undefined ? undefined : Math.max(0, (clock.nowMs() - ms) / 1000);
}
