import { Counter, Gauge, type Registry } from 'prom-client';
import { riskQuantiles, type PoolRisk } from '../knowledge/pool-risk.ts';

/** Ages by source, in seconds; a source that was never read has no sample. */
export type AgeSource = 'spot_prices' | 'static_intelligence' | 'model' | 'risk_table' | 'node_watch';

export const ageSources: readonly AgeSource[] = [
  'spot_prices',
  'static_intelligence',
  'model',
  'risk_table',
  'node_watch',
];

/** What `serve` is asked when it is scraped. */
export interface MetricSources {
  /** Seconds since each source was last good; undefined: never. */
  readonly ageSeconds: (source: AgeSource) => number | undefined;
  /** A configured source is wanted: one that stays unread is a fault. */
  readonly isWanted: (source: AgeSource) => boolean;
  readonly hotPools: () => number;
  readonly poolRisk: () => PoolRisk;
  readonly openConnections: () => number;
  readonly bytesInFlight: () => number;
  readonly isCertificateRefused: () => boolean;
  readonly logLinesLost: () => number;
  readonly build: { readonly version: string; readonly mode: 'TEST' | 'PROD' };
}

/** Gauges that are read when they are scraped; each for itself, since all are collected side by side. */
export function measuredGauges(sources: MetricSources, registry: Registry): void {
  const registers = [registry];
  const measured = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  /** A label whose value is undefined has no sample. */
  const measuredBy = (
    name: string,
    help: string,
    label: string,
    values: () => Readonly<Record<string, number | undefined>>,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        for (const [key, value] of Object.entries(values()))
          if (value === undefined) this.remove(key);
          else this.set({ [label]: key }, value);
      },
    });

  measuredBy('spot_source_age_seconds', 'Seconds since a source of knowledge was last good', 'source', () =>
    Object.fromEntries(ageSources.map((source) => [source, sources.ageSeconds(source)])),
  );
  measuredBy(
    'spot_source_known',
    '1 once a configured source of knowledge was good, 0 while it never was',
    'source',
    () => Object.fromEntries(ageSources.map((source) => [source, known(source)])),
  );
  const known = (source: AgeSource): number | undefined => {
    if (!sources.isWanted(source)) return undefined;
    return sources.ageSeconds(source) === undefined ? 0 : 1;
  };
  measuredBy(
    'spot_pool_crash_probability',
    'Crash probability over the Spot pools of the region, by quantile',
    'quantile',
    () => {
      const { crashProbability } = sources.poolRisk();
      return Object.fromEntries(riskQuantiles.map((quantile) => [quantile, crashProbability?.[quantile]]));
    },
  );
  measuredBy(
    'spot_pools',
    'Spot pools of the region: with a price, assessed by the risk model, above the safety gate',
    'known',
    () => {
      const { priced, assessed, aboveGate } = sources.poolRisk();
      return { priced, assessed, 'above-gate': aboveGate };
    },
  );
  measured('spot_certificate_refused', '1 while the certificate files on disk are refused', () =>
    sources.isCertificateRefused() ? 1 : 0,
  );
  measured('spot_grpc_connections', 'Open gRPC connections', sources.openConnections);
  measured(
    'spot_bytes_in_flight',
    'Bytes that gRPC calls hold: headers, messages that come in, answers that are not read',
    sources.bytesInFlight,
  );
  measured('spot_hot_pools', 'Pools with a live interruption signal', sources.hotPools);
  new Counter({
    name: 'spot_log_lines_lost_total',
    help: 'Log lines that could not be written',
    registers,
    collect() {
      this.reset();
      this.inc(sources.logLinesLost());
    },
  });
  new Gauge({
    name: 'spot_build_info',
    help: '1, with the version and the mode of this process',
    labelNames: ['version', 'mode'],
    registers,
  }).set(sources.build, 1);
}
