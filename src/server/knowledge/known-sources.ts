import type { GroupFacts, InstanceTypeFacts } from '../../decision/knowledge.ts';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GroupDirectory } from '../../ports/group-directory.ts';
import type { Market } from '../../ports/market.ts';
import type { RegionFacts } from '../../ports/region-facts.ts';
import type { KnowledgeSource } from './knowledge-events.ts';
import { knowledgeTables, type KnowledgeTables } from './knowledge-tables.ts';
import { priceWindow, usualWindow } from './price-window.ts';
import type { RefreshResult } from './refresh-loop.ts';
import type { RefreshTimes } from './refresh-times.ts';
import { staticFileReader, type StaticFile } from './static-file.ts';
import type { StaticIntelligence } from '../../formats/static-intelligence-document.ts';

export interface SourceOptions {
  /** Where sources are asked about; the file speaks for whatever regions it names. */
  readonly regions: readonly string[];
  readonly staticFile?: StaticFile;
  readonly market?: Market;
  readonly regionFacts?: RegionFacts;
  readonly groups?: GroupDirectory;
  /** Reads what AWS counted of the account's own Spot instances, for whoever keeps it. */
  readonly accountRecord?: SourceRefresh['run'];
}

/** How one source of one region is read, and how often. */
export interface SourceRefresh {
  readonly source: KnowledgeSource;
  /** Undefined for what is not kept by region. */
  readonly region: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly run: (signal: AbortSignal) => Promise<RefreshResult>;
}

/** What the sources said so far, and the refreshes that make them say more. */
export interface KnownSources {
  readonly refreshes: readonly SourceRefresh[];
  readonly tables: () => KnowledgeTables;
  readonly file: () => StaticIntelligence | undefined;
  /** Spot prices of the last days: the market's, and until it has answered those that led up to the file's. */
  readonly series: () => PriceHistory;
  /** Grows whenever prices changed. */
  readonly pricesVersion: () => number;
  /** What the Auto Scaling group of that name says. */
  readonly group: (nodeGroupId: string) => GroupFacts | undefined;
}

export interface PriceHistory {
  /** Under the zone names of this account where they are known. */
  readonly series: readonly PriceSeries[];
  /** Set when the history ends in the past: what it says is said of this moment. */
  readonly asOfMs?: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function knownSources(
  options: SourceOptions,
  times: RefreshTimes,
  clock: Clock,
  onFileNotes: (notes: readonly string[]) => void,
): KnownSources {
  const file =
    options.staticFile === undefined
      ? undefined
      : staticFileReader(options.staticFile, options.regions[0] ?? '', onFileNotes);
  const window = priceWindow(usualWindow);
  const zones = new Map<string, ReadonlyMap<string, string>>();
  const types = new Map<string, readonly InstanceTypeFacts[]>();
  const groups = new Map<string, ReadonlyMap<string, GroupFacts>>();
  const [ownRegion] = options.regions;
  let pricesVersion = 0;
  let tables = built();

  function built(): KnowledgeTables {
    return knowledgeTables({
      file: file?.current(),
      ...(ownRegion !== undefined && { region: ownRegion }),
      accountZones: new Map([...zones.values()].flatMap((names) => [...names])),
      accountTypes: new Map([...types.values()].flat().map((type) => [type.instanceType, type])),
      marketPrices: window.latest(),
    });
  }

  function series(): PriceHistory {
    const answered = window.series();
    const facts = file?.current();
    const changes = file?.priceChanges() ?? [];
    if (answered.length > 0 || facts === undefined || changes.length === 0) return { series: answered };
    return {
      series: changes.map((one) => ({ ...one, zone: tables.zoneName(one.zone) })),
      asOfMs: facts.spotObservedAtMs,
    };
  }

  function rebuild(): RefreshResult {
    tables = built();
    return 'changed';
  }

  /** The whole window at first and once a day, else what is new since the last answer, with an hour of overlap. */
  function marketRefresh(market: Market, region: string): SourceRefresh['run'] {
    let lastGoodMs = -Infinity;
    let lastWholeMs = -Infinity;
    return async (signal) => {
      const nowMs = clock.nowMs();
      const whole = !(Math.abs(nowMs - lastWholeMs) < dayMs);
      const sinceMs = whole ? nowMs - usualWindow.spanMs : Math.min(lastGoodMs, nowMs) - hourMs;
      const answer = await market.history({ region, sinceMs }, signal);
      if (answer.length === 0)
        throw new SourceUnavailable('failed', `The market named no pool of ${region}; known prices stay.`);
      window.take(region, answer, nowMs, whole);
      lastGoodMs = nowMs;
      if (whole) lastWholeMs = nowMs;
      pricesVersion++;
      return rebuild();
    };
  }

  function ofRegion(region: string): readonly SourceRefresh[] {
    const { market, regionFacts, groups: directory } = options;
    const found: SourceRefresh[] = [];
    if (market !== undefined)
      found.push({
        source: 'spot_prices',
        region,
        everyMs: times.marketMs,
        timeoutMs: times.marketTimeoutMs,
        run: marketRefresh(market, region),
      });
    const rarely = { region, everyMs: times.regionFactsMs, timeoutMs: times.callTimeoutMs };
    if (regionFacts !== undefined)
      found.push(
        {
          ...rarely,
          source: 'zones',
          run: async (signal) => {
            zones.set(region, await regionFacts.zoneIds(region, signal));
            return rebuild();
          },
        },
        {
          ...rarely,
          source: 'instance_types',
          run: async (signal) => {
            types.set(region, await regionFacts.instanceTypes(region, signal));
            return rebuild();
          },
        },
      );
    if (directory !== undefined)
      found.push({
        ...rarely,
        source: 'node_groups',
        everyMs: times.groupsMs,
        run: async (signal) => {
          groups.set(region, await directory.groups(region, signal));
          return 'changed';
        },
      });
    return found;
  }

  const fromAccount: readonly SourceRefresh[] =
    options.accountRecord === undefined
      ? []
      : [
          {
            source: 'account_record',
            region: undefined,
            everyMs: times.accountRecordMs,
            timeoutMs: times.marketTimeoutMs,
            run: options.accountRecord,
          },
        ];

  const fromFile: readonly SourceRefresh[] =
    file === undefined
      ? []
      : [
          {
            source: 'static_intelligence',
            region: undefined,
            everyMs: times.staticFileMs,
            timeoutMs: times.fileTimeoutMs,
            run: async (signal) => {
              if ((await file.refresh(signal)) === 'unchanged') return 'unchanged';
              pricesVersion++;
              return rebuild();
            },
          },
        ];

  return {
    refreshes: [...fromFile, ...options.regions.flatMap(ofRegion), ...fromAccount],
    tables: () => tables,
    file: () => file?.current(),
    series,
    pricesVersion: () => pricesVersion,
    group(nodeGroupId) {
      for (const byName of groups.values()) {
        const known = byName.get(nodeGroupId);
        if (known !== undefined) return known;
      }
      return undefined;
    },
  };
}
