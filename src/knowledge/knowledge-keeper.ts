import type {
  CapacityCooldown,
  GroupFacts,
  InstanceTypeFacts,
  Knowledge,
  PoolSignal,
  RiskAssessment,
} from '../decision/knowledge.ts';
import { poolKey, type Pool } from '../decision/pool.ts';
import { DocumentRefused } from '../errors/document-refused.ts';
import { SourceUnavailable } from '../errors/source-unavailable.ts';
import type { Clock } from '../ports/clock.ts';
import type { GroupDirectory } from '../ports/group-directory.ts';
import type { Market } from '../ports/market.ts';
import type { RegionFacts } from '../ports/region-facts.ts';
import type { RiskModel } from '../ports/risk-model.ts';
import type { KnowledgeEvents, KnowledgeSource } from './knowledge-events.ts';
import { knowledgeStatus, type KnowledgeStatus } from './knowledge-status.ts';
import { knowledgeTables, type Offerings } from './knowledge-tables.ts';
import { priceWindow, usualWindow } from './price-window.ts';
import { startRefreshLoop, type RefreshLoop, type RefreshResult } from './refresh-loop.ts';
import { usualTimes, type RefreshTimes } from './refresh-times.ts';
import { riskTable } from './risk-table.ts';
import { staticFileReader, type StaticFile } from './static-file.ts';

export interface KnowledgeKeeperOptions {
  /** Where sources are asked about; the file speaks for whatever regions it names. */
  readonly regions: readonly string[];
  readonly staticFile?: StaticFile;
  readonly market?: Market;
  readonly regionFacts?: RegionFacts;
  readonly groups?: GroupDirectory;
  /** Asked often: the model that is in use now. Undefined: none, the decision falls back to the Spot Advisor's bands. */
  readonly riskModel: () => RiskModel | undefined;
  /** What the operator wrote of a group; it outranks what the Auto Scaling group says. */
  readonly configuredGroup?: Knowledge['groupFacts'];
  readonly poolSignal?: (pool: Pool) => PoolSignal | undefined;
  readonly cooldown?: (pool: Pool) => CapacityCooldown | undefined;
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
  /** What there is to choose from now. */
  readonly offerings: () => Offerings;
  readonly status: () => KnowledgeStatus;
  /** Resolves when every source was tried once and the pools are scored, or after `timeoutMs`, whichever is first. */
  readonly ready: (timeoutMs: number) => Promise<void>;
  readonly stop: () => void;
}

interface NamedLoop extends RefreshLoop {
  readonly source: KnowledgeSource;
  readonly region: string | undefined;
}

/** Starts the refreshes; they end with the signal or `stop`. A source that is slow, broken or away never delays `current`. */
export function startKnowledgeKeeper(options: KnowledgeKeeperOptions): KnowledgeKeeper {
  const { clock, events = {}, regions } = options;
  const times = { ...usualTimes, ...options.times };
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);

  const file =
    options.staticFile === undefined ? undefined : staticFileReader(options.staticFile, noteStaticFile);
  const window = priceWindow(usualWindow);
  const zonesByRegion = new Map<string, ReadonlyMap<string, string>>();
  const typesByRegion = new Map<string, readonly InstanceTypeFacts[]>();
  const groupsByRegion = new Map<string, ReadonlyMap<string, GroupFacts>>();
  let tables = builtTables();
  let pricesVersion = 0;
  const risks = riskTable({
    model: options.riskModel,
    inputs: () => ({ series: window.series(), onDemandPerHour: tables.onDemandPerHour }),
    pricesVersion: () => pricesVersion,
    clock,
    onScored: (model, pools, durationMs) => events.onScored?.(model, pools, durationMs),
  });

  function builtTables() {
    return knowledgeTables({
      file: file?.current(),
      accountZones: new Map([...zonesByRegion.values()].flatMap((zones) => [...zones])),
      accountTypes: new Map([...typesByRegion.values()].flat().map((type) => [type.instanceType, type])),
      marketPrices: window.latest(),
    });
  }

  function noteStaticFile(notes: readonly string[]): void {
    const sentence = `read with notes: ${notes.join('; ')}`;
    events.onRefresh?.({ source: 'static_intelligence', outcome: 'changed', sentence, failures: 0 });
  }

  function looped(
    source: KnowledgeSource,
    region: string | undefined,
    everyMs: number,
    timeoutMs: number,
    run: (signal: AbortSignal) => Promise<RefreshResult>,
  ): NamedLoop {
    let refused: string | undefined;
    const loop = startRefreshLoop({
      everyMs,
      timeoutMs,
      firstRetryMs: times.firstRetryMs,
      maxPauseMs: Math.max(everyMs, times.maxRetryMs),
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
        const sentence = error instanceof Error ? error.message : String(error);
        // A file that has mistakes is told of once, not at every look.
        if (error instanceof DocumentRefused && refused === sentence) return;
        refused = error instanceof DocumentRefused ? sentence : undefined;
        const outcome = error instanceof DocumentRefused ? 'refused' : 'failed';
        events.onRefresh?.({ source, outcome, sentence, failures });
      },
    });
    return { ...loop, source, region };
  }

  /** The whole window at first and once a day, else what is new since the last answer, with an hour of overlap. */
  function marketRefresh(market: Market, region: string): (stop: AbortSignal) => Promise<RefreshResult> {
    let lastGoodMs = -Infinity;
    let lastWholeMs = -Infinity;
    return async (stop) => {
      const nowMs = clock.nowMs();
      const whole = !(Math.abs(nowMs - lastWholeMs) < 86_400_000);
      const sinceMs = whole ? nowMs - usualWindow.spanMs : Math.min(lastGoodMs, nowMs) - 3_600_000;
      const answer = await market.history({ region, sinceMs }, stop);
      if (answer.length === 0)
        throw new SourceUnavailable('failed', `The market named no pool of ${region}; known prices stay.`);
      window.take(region, answer, nowMs, whole);
      lastGoodMs = nowMs;
      if (whole) lastWholeMs = nowMs;
      pricesVersion++;
      tables = builtTables();
      return 'changed';
    };
  }

  const loops: NamedLoop[] = [];
  if (file !== undefined)
    loops.push(
      looped('static_intelligence', undefined, times.staticFileMs, times.fileTimeoutMs, async (stop) => {
        const result = await file.refresh(stop);
        if (result === 'changed') {
          tables = builtTables();
          pricesVersion++;
        }
        return result;
      }),
    );
  for (const region of regions) {
    const { market, regionFacts, groups } = options;
    if (market !== undefined)
      loops.push(
        looped('spot_prices', region, times.marketMs, times.marketTimeoutMs, marketRefresh(market, region)),
      );
    if (regionFacts !== undefined) {
      loops.push(
        looped('zones', region, times.regionFactsMs, times.callTimeoutMs, async (stop) => {
          zonesByRegion.set(region, await regionFacts.zoneIds(region, stop));
          tables = builtTables();
          return 'changed';
        }),
        looped('instance_types', region, times.regionFactsMs, times.callTimeoutMs, async (stop) => {
          typesByRegion.set(region, await regionFacts.instanceTypes(region, stop));
          tables = builtTables();
          return 'changed';
        }),
      );
    }
    if (groups !== undefined)
      loops.push(
        looped('node_groups', region, times.groupsMs, times.callTimeoutMs, async (stop) => {
          groupsByRegion.set(region, await groups.groups(region, stop));
          return 'changed';
        }),
      );
  }
  const scoring = looped('risk_table', undefined, times.riskCheckMs, times.riskTimeoutMs, risks.refresh);
  loops.push(scoring);

  function groupFacts(id: string, labels: Readonly<Record<string, string>>): GroupFacts | undefined {
    const configured = options.configuredGroup?.(id, labels);
    if (configured !== undefined) return configured;
    for (const groups of groupsByRegion.values()) {
      const known = groups.get(id);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  function isStale(nowMs: number): boolean {
    return tables.newestSpotMs !== undefined && nowMs - tables.newestSpotMs > options.maxPriceAgeMs;
  }

  function current(): Knowledge {
    const nowMs = clock.nowMs();
    const now = tables;
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
      groupFacts,
      cooldown: (pool) => options.cooldown?.(pool),
      pricesAreStale,
    };
  }

  return {
    current,
    offerings: () => tables.offerings,
    status: () =>
      knowledgeStatus({
        nowMs: clock.nowMs(),
        loops: loops.map(({ source, region, status }) => ({ source, region, ...status() })),
        file: file?.current(),
        tables,
        pricesAreOld: isStale(clock.nowMs()),
        stalePrices: options.stalePrices,
        model: options.riskModel(),
        scoredAtMs: risks.scoredAtMs(),
        scoredPools: risks.assessments(clock.nowMs())?.size ?? 0,
      }),
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
