import { mergedGroupFacts } from '../../decision/group-rules.ts';
import type {
  CapacityCooldown,
  FleetView,
  Knowledge,
  PoolSignal,
  RiskAssessment,
} from '../../decision/knowledge.ts';
import { poolKey, type Pool } from '../../decision/pool.ts';
import { DocumentRefused } from '../../errors/document-refused.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RiskInputs, RiskModel } from '../../ports/risk-model.ts';
import type { KnowledgeEvents } from './knowledge-events.ts';
import { datesRemark, knowledgeRemarks, knowledgeStatus, type KnowledgeStatus } from './knowledge-status.ts';
import type { KnowledgeTables, Offerings } from './knowledge-tables.ts';
import { knownSources, type SourceOptions, type SourceRefresh } from './known-sources.ts';
import { ageWatch } from './age-watch.ts';
import { recoverySentence } from './recovery-sentence.ts';
import { startRefreshLoop, type RefreshLoop } from './refresh-loop.ts';
import { usualTimes, type RefreshTimes } from './refresh-times.ts';
import { riskTable } from './risk-table.ts';

export interface KnowledgeKeeperOptions extends SourceOptions {
  /** Asked often: the model that is in use now. Undefined: none, the decision falls back to the Spot Advisor's bands. */
  readonly riskModel: () => RiskModel | undefined;
  /** What the operator wrote of a group; fact by fact it outranks what the Auto Scaling group says. */
  readonly configuredGroup?: Knowledge['groupFacts'];
  readonly poolSignal?: (pool: Pool) => PoolSignal | undefined;
  readonly poolHazard?: (pool: Pool) => number | undefined;
  readonly cooldown?: (pool: Pool) => CapacityCooldown | undefined;
  readonly groupCooldown?: (nodeGroupId: string) => CapacityCooldown | undefined;
  readonly onDemandFirst?: () => string | undefined;
  /** Where the fleet runs; undefined while nothing tells. */
  readonly fleet?: () => FleetView | undefined;
  /** On the card of the model that is in use. */
  readonly horizonHours?: () => number | undefined;
  /** Spot prices that were observed longer ago are stale. */
  readonly maxPriceAgeMs: number;
  /** `use-and-say`: stale prices are used and the status says so; `ignore`: they are left out. */
  readonly stalePrices: 'use-and-say' | 'ignore';
  readonly times?: Partial<RefreshTimes>;
  readonly events?: KnowledgeEvents;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Everything that decisions look up, kept in memory and fresh in the background. */
export interface KnowledgeKeeper {
  /** What is known now. Cheap, never waits and never throws, whatever state the sources are in. */
  readonly current: () => Knowledge;
  /**
   * What of it is published: the same whatever the fleet does. The fleet's record and counts look it up here, since `current`
   * itself asks them.
   */
  readonly published: () => Pick<KnowledgeTables, 'instanceType' | 'advisorBand' | 'zoneName'>;
  /** What there is to choose from now. */
  readonly offerings: () => Offerings;
  readonly status: () => KnowledgeStatus;
  /** Resolves when every source was tried once and the pools are scored, or after `timeoutMs`, whichever is first. */
  readonly ready: (timeoutMs: number) => Promise<void>;
  readonly stop: () => void;
}

interface NamedLoop extends RefreshLoop, Pick<SourceRefresh, 'source' | 'region'> {}

/** Starts the refreshes; they end with the signal or `stop`. A source that is slow, broken or away never delays `current`. */
export function startKnowledgeKeeper(options: KnowledgeKeeperOptions): KnowledgeKeeper {
  const { clock, events = {} } = options;
  const [ownRegion = ''] = options.regions;
  const times = { ...usualTimes, ...options.times };
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const known = knownSources(options, times, clock, (notes) =>
    events.onRefresh?.({
      source: 'static_intelligence',
      outcome: 'changed',
      sentence: `read with notes: ${notes.join('; ')}`,
      failures: 0,
    }),
  );
  const risks = riskTable({
    model: options.riskModel,
    inputs: () => ({
      ...usableSeries(),
      pools: known.tables().offerings.pools,
      onDemandPerHour: known.tables().onDemandPerHour,
    }),
    pricesVersion: known.pricesVersion,
    clock,
    onScored: (model, pools, durationMs) => events.onScored?.(model, pools, durationMs),
  });

  /** What may be read out of prices: nothing, where stale ones are ignored. */
  function usableSeries(): Pick<RiskInputs, 'series' | 'pricesAsOfMs'> {
    if (options.stalePrices === 'ignore' && isStale(clock.nowMs())) return { series: [] };
    const { series, asOfMs } = known.series();
    return { series, ...(asOfMs !== undefined && { pricesAsOfMs: asOfMs }) };
  }

  function looped({ source, region, everyMs, timeoutMs, run }: SourceRefresh): NamedLoop {
    let refused: string | undefined;
    const loop = startRefreshLoop({
      everyMs,
      timeoutMs,
      firstPauseMs: times.firstPauseMs,
      // What is asked often is asked again soon; what is asked rarely does not wait that long after a fault.
      greatestPauseMs: Math.min(times.greatestPauseMs, Math.max(everyMs, 30_000)),
      clock,
      signal,
      run: async (stop) => {
        const result = await run(stop);
        refused = undefined;
        if (result === 'changed') {
          const sentence = region === undefined ? 'refreshed' : `${region} refreshed`;
          events.onRefresh?.({ source, outcome: 'changed', sentence, failures: 0 });
        }
        return result;
      },
      onFailure: (error, failures) => {
        const sentence = messageOf(error);
        // A file that has mistakes is told of once, not at every look.
        if (error instanceof DocumentRefused && refused === sentence) return;
        refused = error instanceof DocumentRefused ? sentence : undefined;
        const outcome = error instanceof DocumentRefused ? 'refused' : 'failed';
        events.onRefresh?.({ source, outcome, sentence, failures });
      },
      onRecovery: (failures) => {
        const sentence = recoverySentence(failures, region);
        events.onRefresh?.({ source, outcome: 'recovered', sentence, failures: 0 });
      },
    });
    return { ...loop, source, region };
  }

  const scoring = looped({
    source: 'risk_table',
    region: undefined,
    everyMs: times.riskCheckMs,
    timeoutMs: times.riskTimeoutMs,
    run: risks.refresh,
  });
  const loops = [...known.refreshes.map(looped), scoring];
  ageWatch({ status: statusNow, onAgeing: (ageing) => events.onAgeing?.(ageing), signal });
  const groupFacts = mergedGroupFacts([
    (id, labels) => options.configuredGroup?.(id, labels),
    (id) => known.group(id),
  ]);

  function isStale(nowMs: number): boolean {
    const { newestSpotMs } = known.tables();
    return newestSpotMs !== undefined && nowMs - newestSpotMs > options.maxPriceAgeMs;
  }

  function current(): Knowledge {
    const nowMs = clock.nowMs();
    const now = known.tables();
    const ignoring = options.stalePrices === 'ignore';
    const pricesAreStale = ignoring && isStale(nowMs);
    const notBeforeMs = ignoring ? nowMs - options.maxPriceAgeMs : -Infinity;
    const uniform = risks.uniform();
    // What a model read out of prices that may not be used is not used either.
    const unusable = pricesAreStale && options.riskModel()?.name === 'family-stress';
    const assessments = unusable ? undefined : risks.assessments(nowMs);
    return {
      instanceType: now.instanceType,
      advisorBand: now.advisorBand,
      prices: (pool) => now.prices(pool, notBeforeMs),
      risk: (pool) => {
        if (pool.capacityType === 'on-demand') return onDemandRisk;
        return uniform ?? assessments?.get(now.key(pool)) ?? assessments?.get(poolKey(pool));
      },
      signal: (pool) => options.poolSignal?.(pool),
      ...(options.poolHazard !== undefined && { hazard: options.poolHazard }),
      groupFacts,
      cooldown: (pool) => options.cooldown?.(pool),
      ...(options.groupCooldown !== undefined && { groupCooldown: options.groupCooldown }),
      onDemandPerUnit: now.onDemandPerUnit,
      ...liveFacts(),
      pricesAreStale,
      remarks: [
        ...datesRemark(known.file(), ownRegion, !ignoring && isStale(nowMs) ? now.newestSpotMs : undefined),
        ...knowledgeRemarks({
          tables: now,
          scoredAsOfMs: assessments === undefined ? undefined : risks.pricesAsOfMs(),
        }),
      ],
    };
  }

  /** What changes from one request to the next. */
  function liveFacts(): Pick<Knowledge, 'onDemandFirst' | 'fleet' | 'horizonHours'> {
    const [onDemandFirst, fleet, horizonHours] = [
      options.onDemandFirst?.(),
      options.fleet?.(),
      options.horizonHours?.(),
    ];
    return {
      ...(onDemandFirst !== undefined && { onDemandFirst }),
      ...(fleet !== undefined && { fleet }),
      ...(horizonHours !== undefined && { horizonHours }),
    };
  }

  function statusNow(): KnowledgeStatus {
    const nowMs = clock.nowMs();
    return knowledgeStatus({
      nowMs,
      region: ownRegion,
      loops: loops.map(({ source, region, status }) => ({ source, region, ...status() })),
      file: known.file(),
      tables: known.tables(),
      pricesAreOld: isStale(nowMs),
      stalePrices: options.stalePrices,
      model: options.riskModel(),
      scoredAtMs: risks.scoredAtMs(),
      scoredPools: risks.assessments(nowMs)?.size ?? 0,
      scoredAsOfMs: risks.pricesAsOfMs(),
    });
  }

  return {
    current,
    published: known.tables,
    offerings: () => known.tables().offerings,
    status: statusNow,
    ready: async (timeoutMs) => {
      const until = clock.monotonicMs() + timeoutMs;
      const timer = Promise.withResolvers<undefined>();
      const timeout = setTimeout(() => timer.resolve(undefined), timeoutMs);
      await Promise.race([Promise.all(loops.map(({ firstAttempt }) => firstAttempt)), timer.promise]);
      clearTimeout(timeout);
      const isScored = (): boolean => risks.isCurrent() || scoring.status().failures > 0 || signal.aborted;
      while (!isScored() && clock.monotonicMs() < until) await new Promise((go) => setTimeout(go, 5));
    },
    stop: () => stopping.abort(),
  };
}

const onDemandRisk: RiskAssessment = { crashProbability: 0, expectedFrequency: 0, source: 'on-demand' };
