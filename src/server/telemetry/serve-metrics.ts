import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CapacityType } from '../../decision/pool.ts';
import type { DropReason } from '../../decision/decision.ts';
import { degradationSteps } from '../../decision/degradation.ts';
import type { LayerName } from '../../decision/layers.ts';
import type { KnowledgeSource } from '../knowledge/knowledge-events.ts';
import { syncResults } from '../expander/shared-capacity.ts';
import { doorwayRefusals } from '../../ports/doorway.ts';
import { grpcCodes } from './grpc-codes.ts';
import { measuredGauges, type MetricSources } from './serve-gauges.ts';

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5];

/**
 * Every metric of `spot-expander serve`, in a registry of its own.
 * docs/metrics.md describes each; labels are closed sets, ids go to the log.
 */
export interface ServeMetrics {
  /** Adds what is asked for when it is scraped; once, when there is somebody to ask. */
  readonly measure: (sources: MetricSources) => void;
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly decisions: Counter<'decision'>;
  readonly answers: Counter<'degradation'>;
  readonly malformed: Counter;
  readonly overBudget: Counter;
  readonly pipelineSeconds: Histogram;
  readonly layerSeconds: Histogram<'layer'>;
  readonly readSeconds: Histogram;
  readonly modelPredictionSeconds: Histogram<'model'>;
  readonly drops: Counter<'layer' | 'reason'>;
  readonly requestBytes: Histogram;
  readonly candidates: Histogram;
  readonly podsDecoded: Counter;
  readonly unreadable: Counter<'what'>;
  readonly refreshes: Counter<'source' | 'result'>;
  readonly certificateReloads: Counter<'result'>;
  readonly certificateExpiry: Gauge;
  readonly grpcCalls: Counter<'method' | 'code'>;
  readonly httpRequests: Counter<'route' | 'code'>;
  readonly connectionsRefused: Counter<'port' | 'why'>;
  readonly recordings: Counter<'result'>;
  readonly cooldowns: Counter;
  readonly capacitySyncs: Counter<'result'>;
  readonly passedOver: Counter;
  readonly forcedOnDemand: Counter;
  readonly savingsUsdPerHour: Gauge;
  readonly savingsUsd: Counter;
  readonly chosen: Counter<'capacity'>;
  readonly yieldScore: Histogram<'place'>;
  readonly candidateRisk: Histogram<'place'>;
  readonly fleetNotices: Counter<'signal'>;
}

/** The ports of `serve`. */
export type ServePort = 'grpc' | 'http' | 'probe';

const servePorts: readonly ServePort[] = ['grpc', 'http', 'probe'];

/** Each reason belongs to one layer. */
const layerOf: Readonly<Record<DropReason, LayerName>> = {
  duplicate: 'input',
  'too-small': 'static',
  'interrupt-rate': 'static',
  'above-on-demand': 'static',
  'crash-probability': 'optimizer',
  'no-price': 'optimizer',
  'no-size': 'optimizer',
  'not-better': 'optimizer',
  'hot-pool': 'reactive',
  'internal-fault': 'actuator',
};

const refreshed: Readonly<Record<KnowledgeSource, null>> = {
  static_intelligence: null,
  spot_prices: null,
  zones: null,
  instance_types: null,
  node_groups: null,
  account_record: null,
  model: null,
  risk_table: null,
};

const capacityTypes: readonly CapacityType[] = ['spot', 'on-demand', 'unknown'];

/** The only method whose callers cannot be asked what went wrong. */
const bestOptions = '/grpcplugin.Expander/BestOptions';

export function serveMetrics(): ServeMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter<Label>({ name, help, labelNames: [...labelNames], registers });
  /** Every value of its one label from the first scrape on, so that `rate()` sees the first event. */
  const counterOf = <Label extends string>(
    name: string,
    help: string,
    label: Label,
    values: readonly string[],
  ) => {
    const started = counter(name, help, [label]);
    for (const value of values) started.labels(value).inc(0);
    return started;
  };
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram<Label>({ name, help, buckets: [...buckets], labelNames: [...labelNames], registers });

  return {
    measure: (sources) => measuredGauges(sources, registry),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    decisions: counterOf('spot_decision_total', 'Decisions on running instances by outcome', 'decision', [
      'STAY',
      'SWITCH',
      'DRAIN',
      'EVACUATE',
    ]),
    answers: counterOf(
      'spot_scale_up_answers_total',
      'BestOptions answers by the degradation step that gave them',
      'degradation',
      degradationSteps,
    ),
    malformed: counter('spot_malformed_requests_total', 'BestOptions requests that were not a message'),
    overBudget: counter(
      'spot_answers_over_budget_total',
      'BestOptions requests answered with all ids because the answer budget was spent',
    ),
    pipelineSeconds: histogram(
      'spot_pipeline_duration_seconds',
      'Time of one decision through the six layers',
      seconds,
    ),
    layerSeconds: histogram('spot_layer_duration_seconds', 'Time of one layer in one decision', seconds, [
      'layer',
    ]),
    readSeconds: histogram('spot_request_read_seconds', 'Time to read one BestOptions message', seconds),
    modelPredictionSeconds: histogram(
      'spot_model_prediction_seconds',
      'Time to score all pools of a region',
      [...seconds, 10, 30],
      ['model'],
    ),
    drops: startedAtZero(
      counter('spot_drops_total', 'Candidates dropped by layer and reason', ['layer', 'reason']),
      Object.entries(layerOf).map(([reason, layer]) => ({ layer, reason })),
    ),
    requestBytes: histogram(
      'spot_request_bytes',
      'Size of BestOptions messages',
      [1e4, 2.5e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8],
    ),
    candidates: histogram(
      'spot_request_candidates',
      'Options in BestOptions messages',
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    ),
    podsDecoded: counter('spot_pods_decoded_total', 'Distinct pods decoded from BestOptions messages'),
    unreadable: counterOf(
      'spot_unreadable_total',
      'Pods and nodes of BestOptions messages that could not be read',
      'what',
      ['pod', 'node'],
    ),
    refreshes: startedAtZero(
      counter('spot_refreshes_total', 'Refreshes of sources of knowledge by result', ['source', 'result']),
      Object.keys(refreshed).flatMap((source) =>
        ['changed', 'refused', 'failed', 'recovered'].map((result) => ({ source, result })),
      ),
    ),
    certificateReloads: counterOf(
      'spot_certificate_reloads_total',
      'Attempts to load changed certificate files by result',
      'result',
      ['loaded', 'refused'],
    ),
    certificateExpiry: gauge(
      'spot_certificate_expiry_timestamp_seconds',
      'When the served certificate ends, epoch seconds',
    ),
    grpcCalls: startedAtZero(
      counter('spot_grpc_calls_total', 'gRPC calls by method and status code', ['method', 'code']),
      grpcCodes.map((code) => ({ method: bestOptions, code })),
    ),
    httpRequests: counter('spot_http_requests_total', 'HTTP requests by route and status code', [
      'route',
      'code',
    ]),
    connectionsRefused: startedAtZero(
      counter('spot_connections_refused_total', 'Connections that were refused or closed by us', [
        'port',
        'why',
      ]),
      servePorts.flatMap((port) => doorwayRefusals.map((why) => ({ port, why }))),
    ),
    recordings: counterOf('spot_recordings_total', 'Requests stored for replay by result', 'result', [
      'stored',
      'dropped',
      'failed',
      'removed',
    ]),
    cooldowns: counter(
      'spot_capacity_cooldowns_total',
      'Capacity classes set to rest because a chosen node group did not deliver',
    ),
    capacitySyncs: counterOf(
      'spot_capacity_record_syncs_total',
      'Readings and writings of the record by which replicas share what did not deliver, by result',
      'result',
      syncResults,
    ),
    passedOver: counter(
      'spot_passed_over_group_nodes_total',
      'New nodes of groups alike to one that was answered but not answered themselves, soon after the answer',
    ),
    forcedOnDemand: counter(
      'spot_filter_forced_on_demand_total',
      'Scale-ups answered with on-demand only because a filter dropped Spot that costs less',
    ),
    savingsUsdPerHour: gauge(
      'spot_chosen_savings_usd_per_hour',
      'On-demand price less chosen price of the last scale-up, nodes included',
    ),
    savingsUsd: counter(
      'spot_cost_savings_usd',
      'Sum over scale-ups of (on-demand − chosen price) × nodes, for one hour each',
    ),
    chosen: counterOf(
      'spot_chosen_total',
      'Scale-ups answered with one candidate or more, by the capacity type of the best',
      'capacity',
      capacityTypes,
    ),
    yieldScore: histogram(
      'spot_yield_score',
      'Yield, at most 100, of the chosen candidate, of the next best, and the mean of all that were not chosen',
      [-50, -20, 0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100],
      ['place'],
    ),
    candidateRisk: histogram(
      'spot_candidate_crash_probability',
      'Crash probability of the candidates of scale-ups that are not on-demand, chosen and others',
      [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1],
      ['place'],
    ),
    fleetNotices: counterOf(
      'spot_fleet_notices_total',
      'Signals seen on nodes of the fleet, each once',
      'signal',
      ['TERMINATION', 'REBALANCE'],
    ),
  };
}

/** So that `rate()` and alerts see the first event. */
function startedAtZero<Label extends string>(
  counter: Counter<Label>,
  labels: readonly Readonly<Record<Label, string>>[],
): Counter<Label> {
  for (const values of labels) counter.inc(values, 0);
  return counter;
}
