import type { RiskModel } from '../../ports/risk-model.ts';
import type { Ageing, KnowledgeSource } from './knowledge-events.ts';
import type { KnowledgeTables } from './knowledge-tables.ts';
import type { RefreshStatus } from './refresh-loop.ts';
import { speaksOf, type StaticIntelligence } from '../../formats/static-intelligence-document.ts';

export interface SourceStatus extends RefreshStatus {
  readonly source: KnowledgeSource;
  /** Undefined for what is not kept by region. */
  readonly region: string | undefined;
}

export interface StaticStatus {
  readonly lastUpdatedMs: number;
  readonly region: string;
  readonly source: string;
  /** Of which day the bands and the on-demand prices are, where the file says. */
  readonly advisorAsOf: string | undefined;
  readonly onDemandAsOf: string | undefined;
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
  readonly staticIntelligence: StaticStatus | undefined;
  readonly risk: {
    /** The model in plain words. */
    readonly model: string | undefined;
    readonly scoredAtMs: number | undefined;
    /** Set when the prices that were scored end in the past. */
    readonly pricesAsOfMs: number | undefined;
    readonly pools: number;
  };
  /** What is known of each, once it is known at all: whether it is older than it should be, in words. */
  readonly ages: readonly Ageing[];
  /** Why answers rest on less than they could, one sentence each; empty when all is well. */
  readonly degradations: readonly string[];
  /** What answers rest on, in one sentence, whatever is lacking. */
  readonly restsOn: string;
  /** Seconds since the content of each was last true: what `spot_source_age_seconds` shows; undefined: never. */
  readonly ageSeconds: Readonly<
    Record<'spot_prices' | 'static_intelligence' | 'risk_table', number | undefined>
  >;
}

export interface StatusInputs {
  readonly nowMs: number;
  /** Where the node groups are. */
  readonly region: string;
  readonly loops: readonly SourceStatus[];
  readonly file: StaticIntelligence | undefined;
  readonly tables: KnowledgeTables;
  readonly pricesAreOld: boolean;
  readonly stalePrices: 'use-and-say' | 'ignore';
  readonly model: RiskModel | undefined;
  readonly scoredAtMs: number | undefined;
  readonly scoredPools: number;
  readonly scoredAsOfMs: number | undefined;
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
    staticIntelligence: file === undefined ? undefined : staticStatus(file),
    risk: {
      model: model?.description,
      scoredAtMs,
      pricesAsOfMs: inputs.scoredAsOfMs,
      pools: inputs.scoredPools,
    },
    ages: ages(inputs),
    degradations: degradations(inputs),
    restsOn: restsOn(inputs),
    ageSeconds: {
      spot_prices: secondsSince(tables.newestSpotMs),
      static_intelligence: secondsSince(file?.lastUpdatedMs),
      risk_table: secondsSince(scoredAtMs),
    },
  };
}

function staticStatus({ lastUpdatedMs, region, source, asOf }: StaticIntelligence): StaticStatus {
  return { lastUpdatedMs, region, source, advisorAsOf: asOf.advisor, onDemandAsOf: asOf.onDemand };
}

/** The collector runs every six hours: this is eight runs that failed or were never made. */
const oldFileMs = 2 * 86_400_000;

function ages(inputs: StatusInputs): readonly Ageing[] {
  const { nowMs, file, tables, pricesAreOld, stalePrices } = inputs;
  const found: Ageing[] = [];
  if (tables.newestSpotMs !== undefined) {
    const use = stalePrices === 'ignore' ? 'they are not used' : 'they are used all the same';
    const old = `Spot prices are ${sinceInWords(tables.newestSpotMs, nowMs)}; ${use}.`;
    const sentence = pricesAreOld ? old : 'Spot prices are fresh again.';
    found.push({ source: 'spot_prices', isOld: pricesAreOld, sentence });
  }
  if (file !== undefined) {
    const isOld = nowMs - file.lastUpdatedMs > oldFileMs;
    const old = `Static intelligence is ${sinceInWords(file.lastUpdatedMs, nowMs)}; ${useOf(file, inputs)}.`;
    const sentence = isOld ? old : 'Static intelligence is fresh again.';
    found.push({ source: 'static_intelligence', isOld, sentence });
  }
  return found;
}

/** What becomes of a file's facts, with the day that each is of where the file tells it. */
function useOf(file: StaticIntelligence, { region }: StatusInputs): string {
  if (!speaksOf(file, region)) return `it is of ${file.region}, and nothing of it is used for ${region}`;
  const { advisor, onDemand } = file.asOf;
  if (file.onDemand.size === 0)
    return `its bands${ofDay(advisor)} are used all the same, and it names no on-demand price`;
  return `its bands${ofDay(advisor)} and on-demand prices${ofDay(onDemand)} are used all the same`;
}

function restsOn(inputs: StatusInputs): string {
  const { tables, file, model, region, scoredPools, scoredAsOfMs, pricesAreOld, stalePrices } = inputs;
  const { newestSpotMs, spotPrices } = tables;
  const ownFile = file !== undefined && speaksOf(file, region) ? file : undefined;
  const spotIsUsed = newestSpotMs !== undefined && !(pricesAreOld && stalePrices === 'ignore');
  const asOf = scoredAsOfMs === undefined ? '' : `, as of ${minuteText(scoredAsOfMs)} UTC`;
  const parts = [
    spotIsUsed ? `Spot prices of ${spotPrices} pools (${minuteText(newestSpotMs)} UTC)` : 'no Spot price',
    counted(ownFile?.advisor.size, 'Spot Advisor band', ofDay(ownFile?.asOf.advisor)),
    counted(ownFile?.onDemand.size, 'on-demand price', ofDay(ownFile?.asOf.onDemand)),
    model === undefined || (model.uniform === undefined && scoredPools === 0)
      ? 'no word of a risk model'
      : model.uniform === undefined
        ? `the risk model’s word on ${scoredPools} pools${asOf}`
        : `the risk model ${model.name}, which says the same of every pool`,
  ];
  return `Answers for ${region} rest on ${parts.join(', ')}.`;
}

function counted(count: number | undefined, thing: string, of: string): string {
  return count === undefined || count === 0 ? `no ${thing}` : `${count} ${thing}s${of}`;
}

function ofDay(day: string | undefined): string {
  return day === undefined ? '' : ` (of ${day})`;
}

function sinceInWords(sinceMs: number, nowMs: number): string {
  return `${ageInWords(nowMs - sinceMs)} old (${minuteText(sinceMs)} UTC)`;
}

function minuteText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

function degradations(inputs: StatusInputs): readonly string[] {
  const { tables, model } = inputs;
  const sentences: string[] = [];
  if (tables.newestSpotMs === undefined) sentences.push('No Spot price is known.');
  for (const { isOld, sentence } of ages(inputs)) if (isOld) sentences.push(sentence);
  if (inputs.file !== undefined && !speaksOf(inputs.file, inputs.region))
    sentences.push(
      `The static intelligence file is of ${inputs.file.region}: no band and no on-demand price of ${inputs.region} is known from it.`,
    );
  sentences.push(...knowledgeRemarks(inputs));
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

/** What every answer should say of the facts that it rests on. */
export function knowledgeRemarks({
  tables,
  scoredAsOfMs,
}: Pick<StatusInputs, 'tables' | 'scoredAsOfMs'>): readonly string[] {
  const remarks: string[] = [];
  if (scoredAsOfMs !== undefined)
    remarks.push(
      `Risk is told as of ${minuteText(scoredAsOfMs)} UTC, when the known prices end: nothing later is in it.`,
    );
  if (tables.assumedZones.size > 0 && tables.spotPrices > 0) {
    const dealt = [...tables.assumedZones].map(([name, id]) => `${name} is taken for ${id}`);
    remarks.push(
      `Zone names are assumed: ${dealt.join(', ')}. An account may have them dealt otherwise; with AWS access its own are read.`,
    );
  }
  return remarks;
}

/** Of when the facts are that every answer uses, as far as they are dated and not of today. */
export function datesRemark(
  file: StaticIntelligence | undefined,
  region: string,
  oldSpotMs: number | undefined,
): readonly string[] {
  const told = file !== undefined && speaksOf(file, region) ? file : undefined;
  const parts = [
    ...(oldSpotMs === undefined ? [] : [`Spot prices of ${minuteText(oldSpotMs)} UTC`]),
    ...(told?.asOf.advisor === undefined ? [] : [`Spot Advisor bands of ${told.asOf.advisor}`]),
    ...(told?.asOf.onDemand === undefined || told.onDemand.size === 0
      ? []
      : [`on-demand prices of ${told.asOf.onDemand}`]),
  ];
  return parts.length === 0 ? [] : [`The facts of ${region} are ${parts.join(', ')}.`];
}

const sourceInWords: Readonly<Record<KnowledgeSource, string>> = {
  static_intelligence: 'Static intelligence',
  spot_prices: 'Spot prices',
  zones: 'Zones',
  instance_types: 'Instance types',
  node_groups: 'Auto Scaling groups',
  account_record: 'EC2 Capacity Manager',
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
