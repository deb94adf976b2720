import type { MetricSources } from '../../../src/server/telemetry/serve-gauges.ts';
import { serveMetrics, type ServeMetrics } from '../../../src/server/telemetry/serve-metrics.ts';

/** A server that knows nothing and does nothing. */
export const idleSources: MetricSources = {
  ageSeconds: () => undefined,
  isWanted: () => true,
  hotPools: () => 0,
  poolRisk: () => ({
    priced: 2,
    assessed: 1,
    aboveGate: 0,
    crashProbability: { '0.5': 0.1, '0.9': 0.1, '0.99': 0.1, '1': 0.1 },
  }),
  openConnections: () => 0,
  bytesInFlight: () => 0,
  isCertificateRefused: () => false,
  logLinesLost: () => 0,
  build: { version: '0', mode: 'TEST' },
};

export function metricsOf(sources: MetricSources): ServeMetrics {
  const metrics = serveMetrics();
  metrics.measure(sources);
  return metrics;
}
