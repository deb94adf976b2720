import type { GrpcEvent } from '../../ports/grpc-events.ts';
import { decisionLine } from '../advisor/decision-line.ts';
import type { RestingClass } from '../../decision/capacity-rests.ts';
import type { CandidateFacts, ScaleUpDecision } from '../../decision/decision.ts';
import type { SyncResult } from '../expander/shared-capacity.ts';
import type { AnsweredScaleUp } from '../expander/expander-events.ts';
import type { KnowledgeEvents } from '../knowledge/knowledge-events.ts';
import type { DecisionMessage } from '../../api/messages.ts';
import type { RecordingResult } from '../recording/recorder.ts';
import { grpcCodes } from './grpc-codes.ts';
import type { Log } from '../../telemetry/log.ts';
import { rateLimited } from '../../telemetry/rate-limited.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import type { ServeMetrics, ServePort } from './serve-metrics.ts';
import type { DoorwayRefusal } from '../../ports/doorway.ts';

/** What happens in `serve`, each as its metric and its log line together. */
export interface ServeTelemetry extends Required<KnowledgeEvents> {
  readonly scaleUpAnswered: (event: AnsweredScaleUp) => void;
  readonly malformedRequest: (sentence: string, requestBytes: number) => void;
  readonly listenerFailed: (error: unknown) => void;
  readonly ownDecision: (message: DecisionMessage) => void;
  readonly grpcEvent: (event: GrpcEvent) => void;
  readonly httpAnswer: (route: string, status: number) => void;
  readonly capacityRests: (resting: RestingClass) => void;
  /** The record that replicas share was read or written, or could not be. */
  readonly capacitySynced: (result: SyncResult, sentence: string, error?: unknown) => void;
  /** A node came to a group alike to one that was answered, which was not answered itself. */
  readonly passedOverGrew: (groupName: string, isBalanced: boolean) => void;
  readonly recording: (result: RecordingResult) => void;
  readonly connectionRefused: (port: ServePort, why: DoorwayRefusal) => void;
  readonly fleetNotice: (signal: 'TERMINATION' | 'REBALANCE') => void;
}

const malformedEveryMs = 10_000;
const refusedEveryMs = 60_000;

const refusalSentences: Readonly<Record<DoorwayRefusal, string>> = {
  full: 'there are too many of one client or in all; who had shown the least gave way',
  'too-often': 'one client opens more in a second than is taken',
  handshake: 'a TLS handshake was not finished in time',
  unused: 'nothing was asked on it',
  idle: 'nothing was asked on it for a long time',
  unread: 'its client does not read its answers',
};

export function serveTelemetry(metrics: ServeMetrics, log: Log): ServeTelemetry {
  const tellOfMalformed = rateLimited(malformedEveryMs, systemClock);
  const logRefused = rateLimited(refusedEveryMs, systemClock);
  return {
    scaleUpAnswered: (event) => scaleUpAnswered(event, metrics, log),
    malformedRequest: (sentence, requestBytes) => {
      metrics.malformed.inc();
      tellOfMalformed((withheld) =>
        log.warn({ requestBytes, withheld }, `a BestOptions request is no message: ${sentence}`),
      );
    },
    listenerFailed: (error) => log.error({ err: error }, 'an answered scale-up could not be told of'),
    ownDecision: (message) => {
      if (message.kind === 'evaluate')
        for (const decision of message.answer) metrics.decisions.inc({ decision });
      for (const { part, duration_ms } of message.timings)
        if (part === 'total') metrics.pipelineSeconds.observe(duration_ms / 1000);
      const { fields, sentence } = decisionLine(message);
      log.info(fields, sentence);
    },
    grpcEvent: (event) => grpcEvent(event, metrics, log),
    httpAnswer: (route, status) => metrics.httpRequests.inc({ route, code: String(status) }),
    capacityRests: ({ of, capacityClass, nodeGroupId, untilMs, evidence }) => {
      metrics.cooldowns.inc();
      log.warn(
        { capacityClass, nodeGroupId, until: new Date(untilMs).toISOString() },
        `a ${of === 'class' ? 'capacity class' : 'node group'} rests: ${evidence}`,
      );
    },
    capacitySynced: syncTelling(metrics, log),
    passedOverGrew: balanceTelling(metrics, log),
    recording: (result) => metrics.recordings.inc({ result }),
    connectionRefused: (port, why) => {
      metrics.connectionsRefused.inc({ port, why });
      logRefused((withheld) =>
        log.warn({ port, why, withheld }, `connections are refused or closed: ${refusalSentences[why]}`),
      );
    },
    fleetNotice: (signal) => metrics.fleetNotices.inc({ signal }),
    onRefresh: ({ source, outcome, sentence, failures }) => {
      metrics.refreshes.inc({ source, result: outcome });
      if (outcome === 'changed' || outcome === 'recovered') log.info({ source }, sentence);
      else if (failures <= 1) log.warn({ source, outcome }, sentence);
      else log.debug({ source, outcome, failures }, sentence);
    },
    onAgeing: ({ source, isOld, sentence }) => {
      if (isOld) log.warn({ source }, sentence);
      else log.info({ source }, sentence);
    },
    onScored: (model, pools, durationMs) => {
      metrics.modelPredictionSeconds.observe({ model }, durationMs / 1000);
      log.debug({ model, pools, durationMs }, 'the region was scored');
    },
  };
}

/** An outage and a missing right are told once each until it works again. */
function syncTelling(metrics: ServeMetrics, log: Log): ServeTelemetry['capacitySynced'] {
  let isAway = false;
  let isDenied = false;
  let doubted = '';
  return (result, sentence, error) => {
    metrics.capacitySyncs.inc({ result });
    switch (result) {
      case 'denied':
        if (!isDenied) log.warn({ err: error }, sentence);
        isDenied = true;
        return;
      case 'failed':
        if (!isAway) log.warn({ err: error }, sentence);
        isAway = true;
        return;
      case 'doubted':
        if (doubted !== sentence) log.warn({}, sentence);
        doubted = sentence;
        return;
      case 'conflict':
        log.debug({}, sentence);
        return;
      case 'written':
        isDenied = false;
        if (isAway) log.info({}, 'what rests is shared again');
        isAway = false;
        return;
      case 'read':
        if (isAway) log.info({}, 'what rests is shared again');
        isAway = false;
    }
  };
}

function balanceTelling(metrics: ServeMetrics, log: Log): ServeTelemetry['passedOverGrew'] {
  let isTold = false;
  return (groupName, isBalanced) => {
    metrics.passedOver.inc();
    if (!isBalanced || isTold) return;
    isTold = true;
    log.warn(
      { group: groupName },
      'nodes come to groups that were not answered, alike to the answered one but for their zone: the autoscaler seems to run with --balance-similar-node-groups, which feeds dropped and resting groups too; turn it off, since zones are chosen and spread here',
    );
  };
}

function scaleUpAnswered(
  { request, decision, message, overBudget }: AnsweredScaleUp,
  metrics: ServeMetrics,
  log: Log,
): void {
  metrics.answers.inc({ degradation: decision.degradation.step });
  if (overBudget) metrics.overBudget.inc();
  metrics.requestBytes.observe(message.request.bytes);
  metrics.candidates.observe(request.options.length);
  metrics.podsDecoded.inc(request.pods.length);
  if (request.unreadable.pods > 0) metrics.unreadable.inc({ what: 'pod' }, request.unreadable.pods);
  if (request.unreadable.nodes > 0) metrics.unreadable.inc({ what: 'node' }, request.unreadable.nodes);
  for (const { layer, reason } of decision.drops) metrics.drops.inc({ layer, reason });
  let layersMs = 0;
  for (const { part, duration_ms } of message.timings) {
    if (part === 'total') continue;
    if (part === 'read') {
      metrics.readSeconds.observe(duration_ms / 1000);
      continue;
    }
    metrics.layerSeconds.observe({ layer: part }, duration_ms / 1000);
    layersMs += duration_ms;
  }
  metrics.pipelineSeconds.observe(layersMs / 1000);
  chosenAndOthers(decision, metrics);
  const [best] = decision.ranked;
  if (best?.onDemandPerHour !== undefined) {
    const savedPerHour = (best.onDemandPerHour - best.pricePerHour) * best.nodeCount;
    metrics.savingsUsdPerHour.set(savedPerHour);
    if (savedPerHour > 0) metrics.savingsUsd.inc(savedPerHour);
  }
  const { fields, sentence } = decisionLine(message);
  const { forcedOnDemand } = decision;
  if (forcedOnDemand !== undefined) {
    metrics.forcedOnDemand.inc();
    log.warn(
      { decisionId: message.decision_id, ...forcedOnDemand },
      `a filter forced on-demand: ${forcedOnDemand.id} is answered where ${forcedOnDemand.insteadOf} would cost ${Math.round(100 * (1 - 1 / (1 + forcedOnDemand.dearerBy)))} % less`,
    );
  }
  if (decision.degradation.step === 'all-ids') log.warn(fields, sentence);
  else log.info(fields, sentence);
}

/** How the chosen candidate stands beside the others: yields of what was ranked, risks of all that were assessed. */
function chosenAndOthers({ ranked, drops }: ScaleUpDecision, metrics: ServeMetrics): void {
  const [chosen, runnerUp, ...rest] = ranked;
  if (chosen === undefined) return;
  metrics.chosen.inc({ capacity: chosen.capacityType });
  metrics.yieldScore.observe({ place: 'chosen' }, chosen.yield);
  observeRisk('chosen', chosen, metrics);
  for (const { facts } of drops) observeRisk('other', facts, metrics);
  if (runnerUp === undefined) return;
  const others = [runnerUp, ...rest];
  metrics.yieldScore.observe({ place: 'runner-up' }, runnerUp.yield);
  metrics.yieldScore.observe(
    { place: 'others-mean' },
    others.reduce((sum, one) => sum + one.yield, 0) / others.length,
  );
  for (const other of others) observeRisk('other', other, metrics);
}

/** On-demand capacity has no such risk and would only hide what the Spot candidates have. */
function observeRisk(
  place: 'chosen' | 'other',
  { capacityType, crashProbability }: CandidateFacts,
  metrics: ServeMetrics,
): void {
  if (capacityType !== 'on-demand' && crashProbability !== undefined)
    metrics.candidateRisk.observe({ place }, crashProbability);
}

function grpcEvent(event: GrpcEvent, metrics: ServeMetrics, log: Log): void {
  switch (event.kind) {
    case 'call-ended': {
      const { method, code, durationMs, requestBytes } = event;
      metrics.grpcCalls.inc({ method, code: grpcCodes[code] ?? 'UNKNOWN' });
      log.debug({ method, code, durationMs, requestBytes }, 'a gRPC call ended');
      return;
    }
    case 'handler-failed':
      log.error({ err: event.error, method: event.method }, 'a gRPC call met a fault of ours');
      return;
    case 'certificate-loaded':
      metrics.certificateReloads.inc({ result: 'loaded' });
      metrics.certificateExpiry.set(event.certificate.validToMs / 1000);
      log.info({ certificate: event.certificate }, 'a changed certificate is served from now on');
      return;
    case 'certificate-refused':
      metrics.certificateReloads.inc({ result: 'refused' });
      log.error(
        {},
        `changed certificate files are refused and the old certificate serves on: ${event.reason}`,
      );
      return;
    case 'certificate-ends-soon':
      log.warn(
        { certificate: event.certificate },
        `the served certificate ends on ${new Date(event.certificate.validToMs).toISOString()}: renew it`,
      );
      return;
    case 'certificate-ended':
      log.error(
        { certificate: event.certificate },
        `the served certificate has ended on ${new Date(event.certificate.validToMs).toISOString()}: no new connection succeeds until it is renewed`,
      );
  }
}
