import type { RiskModel } from '../../ports/risk-model.ts';
import type { Ageing, KnowledgeSource } from './knowledge-events.ts';
import type { KnowledgeTables } from './knowledge-tables.ts';
import type { RefreshStatus } from './refresh-loop.ts';
import type { StaticIntelligence } from '../../formats/static-intelligence-document.ts';

export interface SourceStatus extends RefreshStatus {
  readonly source: KnowledgeSource;
  /** Undefined for what is not kept by region. */
  readonly region: string | undefined;
}

/** How old and how whole the knowledge is, for people and for metrics. */
export interface KnowledgeStatus {
  readonly sources: readonly SourceStatus[];
  readonly spotPrices: {
    readonly pools: number;
    readonly newestObservedMs: number | undefined;
    /** Older than the policy allows, used or not. */
    readonly areOld: boolean;
  };
  readonly staticIntelligence:
    { readonly lastUpdatedMs: number; readonly region: string; readonly source: string } | undefined;
  readonly risk: {
    /** The model in plain words. */
    readonly model: string | undefined;
    readonly scoredAtMs: number | undefined;
    readonly pools: number;
  };
  /** What is known of each, once it is known at all: whether it is older than it should be, in words. */
  readonly ages: readonly Ageing[];
  /** Why answers rest on less than they could, one sentence each; empty when all is well. */
  readonly degradations: readonly string[];
  /** Seconds since the content of each was last true: what `spot_source_age_seconds` shows; undefined: never. */
  readonly ageSeconds: Readonly<
    Record<'spot_prices' | 'static_intelligence' | 'risk_table', number | undefined>
  >;
}

export interface StatusInputs {
  readonly nowMs: number;
  readonly loops: readonly SourceStatus[];
  readonly file: StaticIntelligence | undefined;
  readonly tables: KnowledgeTables;
  readonly pricesAreOld: boolean;
  readonly stalePrices: 'use-and-say' | 'ignore';
  readonly model: RiskModel | undefined;
  readonly scoredAtMs: number | undefined;
  readonly scoredPools: number;
}

export function knowledgeStatus(inputs: StatusInputs): KnowledgeStatus {
  const { nowMs, file, tables, model, scoredAtMs } = inputs;
  const secondsSince = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : Math.max(0, (nowMs - ms) / 1_000);
  return {
    sources: inputs.loops,
    spotPrices: {
      pools: tables.spotPrices,
      newestObservedMs: tables.newestSpotMs,
      areOld: inputs.pricesAreOld,
    },
    staticIntelligence:
      file === undefined
        ? undefined
        : { lastUpdatedMs: file.lastUpdatedMs, region: file.region, source: file.source },
    risk: { model: model?.description, scoredAtMs, pools: inputs.scoredPools },
    ages: ages(inputs),
    degradations: degradations(inputs),
    ageSeconds: {
      spot_prices: secondsSince(tables.newestSpotMs),
      static_intelligence: secondsSince(file?.lastUpdatedMs),
      risk_table: secondsSince(scoredAtMs),
    },
  };
}

/** The collector runs every six hours: this is eight runs that failed or were never made. */
const oldFileMs = 2 * 86_400_000;

function ages({ nowMs, file, tables, pricesAreOld, stalePrices }: StatusInputs): readonly Ageing[] {
  const found: Ageing[] = [];
  if (tables.newestSpotMs !== undefined) {
    const use = stalePrices === 'ignore' ? 'they are not used' : 'they are used all the same';
    const old = `Spot prices are ${sinceInWords(tables.newestSpotMs, nowMs)}; ${use}.`;
    const sentence = pricesAreOld ? old : 'Spot prices are fresh again.';
    found.push({ source: 'spot_prices', isOld: pricesAreOld, sentence });
  }
  if (file !== undefined) {
    const isOld = nowMs - file.lastUpdatedMs > oldFileMs;
    const old = `Static intelligence is ${sinceInWords(file.lastUpdatedMs, nowMs)}; its bands and on-demand prices are used all the same.`;
    const sentence = isOld ? old : 'Static intelligence is fresh again.';
    found.push({ source: 'static_intelligence', isOld, sentence });
  }
  return found;
}

function sinceInWords(sinceMs: number, nowMs: number): string {
  const since = new Date(sinceMs).toISOString().slice(0, 16).replace('T', ' ');
  return `${ageInWords(nowMs - sinceMs)} old (${since} UTC)`;
}

function degradations(inputs: StatusInputs): readonly string[] {
  const { tables, model } = inputs;
  const sentences: string[] = [];
  if (tables.newestSpotMs === undefined) sentences.push('No Spot price is known.');
  for (const { isOld, sentence } of ages(inputs)) if (isOld) sentences.push(sentence);
  if (model === undefined)
    sentences.push('No risk model is in use; the Spot Advisor’s bands take its place.');
  else if (model.name === 'mock') sentences.push('The risk model is mock: it knows nothing of any pool.');
  else if (model.uniform === undefined && inputs.scoredPools === 0)
    sentences.push(
      'The risk model has scored no pool (it needs seven days of prices); the Spot Advisor’s bands take its place.',
    );
  for (const { source, region, failures, lastFailure } of inputs.loops)
    if (failures > 0 && lastFailure !== undefined)
      sentences.push(
        `${sourceInWords[source]}${region === undefined ? '' : ` of ${region}`}: ${lastFailure}`,
      );
  return sentences;
}

const sourceInWords: Readonly<Record<KnowledgeSource, string>> = {
  static_intelligence: 'Static intelligence',
  spot_prices: 'Spot prices',
  zones: 'Zones',
  instance_types: 'Instance types',
  node_groups: 'Auto Scaling groups',
  model: 'Risk model',
  risk_table: 'Risk scoring',
};

/** `3 minutes`, `5 hours`, `664 days`. */
function ageInWords(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const;
  const [name, unitMs] = units.find(([, unit]) => ms >= 2 * unit) ?? ['second', 1_000];
  const count = Math.round(ms / unitMs);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
