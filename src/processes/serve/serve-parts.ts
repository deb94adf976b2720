import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { nativeSameBytes } from '../../adapters/grpc/native-same-bytes.ts';
import { decisionIds } from '../../api/decision-ids.ts';
import type { SpotAdvisor } from '../../api/messages.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import type { Policy } from '../../decision/policy.ts';
import type { Pool } from '../../decision/pool.ts';
import type { Clock } from '../../ports/clock.ts';
import { decisionLog, type DecisionLog } from '../../server/advisor/decision-log.ts';
import { pacedAdvisor } from '../../server/advisor/paced-advisor.ts';
import { spotAdvisor } from '../../server/advisor/spot-advisor.ts';
import type { BestOptionsDependencies } from '../../server/expander/answered-best-options.ts';
import { AnsweredFleet } from '../../server/expander/answered-fleet.ts';
import type { Recorder } from '../../server/recording/recorder.ts';
import { namedRecording } from '../../server/recording/recording.ts';
import { serveMetrics, type ServeMetrics } from '../../server/telemetry/serve-metrics.ts';
import { serveTelemetry, type ServeTelemetry } from '../../server/telemetry/serve-telemetry.ts';
import { jsonLog, type Log } from '../../telemetry/log.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import { openedCluster } from '../opened-cluster.ts';
import { startedCapacity } from './capacity.ts';
import { decisionPolicy } from './decision-policy.ts';
import { startedFleet, type Fleet } from './fleet.ts';
import { MadeLater } from './made-later.ts';
import { openKnowledge, type OpenedKnowledge } from './open-knowledge.ts';
import { recordingsOf } from './recordings-of.ts';

/** What a test puts in the place of the process's own. */
export interface ServeOverrides {
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Between two pieces of a question about a whole region: time for a scale-up that has come meanwhile. */
const betweenPiecesMs = 2;

/** What the server answers with, without the ports that it answers on. */
export interface ServeParts {
  readonly config: ServeConfig;
  readonly clock: Clock;
  /** On the monotonic clock. */
  readonly startedMs: number;
  readonly log: Log;
  readonly metrics: ServeMetrics;
  readonly telemetry: ServeTelemetry;
  readonly policy: Policy;
  /** Undefined: the cluster's nodes are not watched. */
  readonly fleet: Fleet | undefined;
  readonly knowledge: OpenedKnowledge;
  readonly decisions: DecisionLog;
  /** Undefined: nothing is recorded. */
  readonly recordings: Recorder | undefined;
  readonly expander: BestOptionsDependencies;
  readonly advisor: SpotAdvisor;
  /** Resolves some time after the signal, with everything written that was on its way. */
  readonly ended: () => Promise<void>;
}

/**
 * Makes every part in the order in which they need each other; what runs in the background runs until the signal.
 * @throws UsageError when the cluster or the recordings' directory cannot be used.
 */
export async function serveParts(
  config: ServeConfig,
  environment: Readonly<Record<string, string | undefined>>,
  overrides: ServeOverrides,
  signal: AbortSignal,
): Promise<ServeParts> {
  const clock = overrides.clock ?? systemClock;
  const startedMs = clock.monotonicMs();
  const log = overrides.log ?? jsonLog(config.log_level, 'serve');
  const metrics = serveMetrics();
  const telemetry = serveTelemetry(metrics, log);
  const policy = decisionPolicy(config);

  // Two circles of the matter itself: what rests tells the fleet and what joins the fleet tells the rest; the fleet's record
  // is judged by what is known of pools, and what is known of pools rests on the fleet's record.
  const watching = new MadeLater<Fleet>('the fleet');
  const known = new MadeLater<OpenedKnowledge>('knowledge');
  const apis = watchesNodes(config)
    ? await openedCluster(config.kubeconfig, environment, {
        timeoutMs: clusterTimeoutMs,
        userAgent: 'spot-expander-serve',
      })
    : undefined;
  const capacity = await startedCapacity({
    ...{ config, policy, clock, telemetry, log, signal, apis },
    onRest: (resting) => {
      telemetry.capacityRests(resting);
      watching.partIfThere?.rests(resting);
    },
    isAtMaximum: (nodeGroupId, labels) => {
      const most = known.partIfThere?.keeper.current().groupFacts(nodeGroupId, labels)?.maxNodes;
      const nodes = watching.partIfThere?.counts.view()?.group(nodeGroupId).nodes;
      return most !== undefined && nodes !== undefined && nodes >= most;
    },
  });
  const fleet =
    apis === undefined
      ? undefined
      : startedFleet({
          apis,
          stateDir: config.state_dir,
          advisorBand: (pool) => known.part.keeper.published().advisorBand(pool),
          zoneName: (zone) => known.partIfThere?.keeper.published().zoneName(zone) ?? zone,
          vcpusOf: (type) => known.partIfThere?.keeper.published().instanceType(type)?.vcpu,
          horizonHours: policy.riskHorizonHours,
          onNotice: telemetry.fleetNotice,
          onNewNode: (pool, groupName) =>
            capacity.tell({ kind: 'node-appeared', atMs: clock.nowMs(), pool, groupName }),
          clock,
          log,
          signal,
        });
  if (fleet !== undefined) watching.part = fleet;
  const answered = new AnsweredFleet(
    (type) => known.partIfThere?.keeper.published().instanceType(type)?.vcpu,
  );
  const knowledge = openKnowledge({
    config,
    clock,
    signal,
    events: telemetry,
    standIns: true,
    cooldown: capacity.cooldown,
    groupCooldown: capacity.groupCooldown,
    onDemandFirst: capacity.onDemandFirst,
    fleet: () => (fleet === undefined ? answered.view(clock.nowMs()) : fleet.counts.view()),
    ...(fleet !== undefined && {
      poolSignal: (pool: Pool) => fleet.watch.hotPools.signal(pool, clock.nowMs()),
      fleetHazard: fleet.hazard,
      accountRecord: fleet.account,
      poolHazard: fleet.poolHazard,
    }),
  });
  known.part = knowledge;

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
        decisions.add(event.message, event.caller.name);
        telemetry.scaleUpAnswered(event);
        const { request, decision, atMs, message: answer, facts } = event;
        if (fleet === undefined) answered.answered(decision, atMs);
        else for (const [id, { labels }] of request.nodes) fleet.counts.learnGroup(id, labels);
        if (facts !== undefined)
          recordings?.record(() => namedRecording({ atMs, request, policy, facts: facts(), answer }));
      },
      malformed: telemetry.malformedRequest,
      listenerFailed: telemetry.listenerFailed,
    },
  };
  const advisor = pacedAdvisor(
    spotAdvisor({
      knowledge: knowledge.keeper.current,
      offerings: knowledge.keeper.offerings,
      policy,
      region: config.region,
      clock,
      decisions,
      onDecision: telemetry.ownDecision,
      pause: () => delay(betweenPiecesMs, undefined, { ref: false }),
    }),
    { clock, rest: (ms) => delay(ms, undefined, { ref: false }) },
  );
  return {
    config,
    clock,
    startedMs,
    log,
    metrics,
    telemetry,
    policy,
    fleet,
    knowledge,
    decisions,
    recordings,
    expander,
    advisor,
    ended: async () => {
      await Promise.all([fleet?.ended, capacity.ended()]);
      apis?.close();
    },
  };
}

/** A list of ten thousand Nodes takes its time. */
const clusterTimeoutMs = 30_000;

/** In PROD always; in TEST when a kubeconfig was named. */
function watchesNodes({ mode, kubeconfig }: ServeConfig): boolean {
  return mode === 'PROD' || kubeconfig !== undefined;
}
