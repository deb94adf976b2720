import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Policy } from '../../decision/policy.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { reportText, type HistoryReport } from '../history/history-report.ts';
import { spanOf } from '../history/history-span.ts';
import { loadHistory } from '../history/load-history.ts';
import type { OpenLocation } from '../../ports/opened-location.ts';
import { feed } from '../history/stored-history.ts';
import { comparison } from './comparison.ts';
import { demandKinds, demandOf, type PodBatch } from './demand.ts';
import { groupMistakes, groupsOfRegion, leftOut } from './given-groups.ts';
import type { CellRuns } from './pooled-text.ts';
import { seedRuns, type TrialPlan } from './region-trial.ts';
import { riskScores, type RiskScores } from './risk-scores.ts';
import type { RunOutcome } from './run-outcome.ts';
import { groupsOf, usualGroups } from './simulated-group.ts';
import { simulatedFacts, type SimulatedFacts } from './simulated-facts.ts';
import type { Bursts } from './simulation-settings.ts';
import type { RegionVerdict } from './trial-text.ts';
import { onDemandPrices } from '../training/on-demand-files.ts';

/** What a replay of prices is told on the command line. */
export interface ReplayOptions {
  readonly region?: readonly string[];
  readonly groups: string;
  readonly demand: readonly string[];
  readonly static?: string;
  readonly instanceTypes?: string;
  readonly advisor?: readonly string[];
  readonly hazards?: string;
  readonly onDemand?: string;
  readonly risk?: string;
  readonly from?: number;
  readonly to?: number;
  readonly days: number;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly batchesPerDay: number;
  readonly disturbancePrice: number;
  readonly atOncePrice: number;
  readonly bursts: Bursts;
  readonly dry: number;
  readonly atOnceTimes: readonly number[];
  readonly expanderSet: 'all' | 'rivals';
  readonly interruptions: 'expected' | 'drawn';
  readonly lostWorkMinutes: number;
  readonly scaleDown: 'empty' | 'underused' | 'both';
  readonly policy: Policy;
}

/** Told of a replay while it goes on. */
export interface ReplayProgress {
  readonly at: (label: string, done: number, total: number) => void;
  readonly say: (sentence: string) => void;
}

/** What a replay is given from outside. */
export interface ReplaySeams {
  readonly open: OpenLocation;
  /** Static intelligence that is used where none is named. */
  readonly bundledStaticData: string;
  readonly progress: ReplayProgress;
  readonly signal: AbortSignal;
}

/** Kinds of demand that are generated. */
export const kinds = Object.keys(demandKinds) as readonly (keyof typeof demandKinds)[];

const warmUpMs = 8 * 86_400_000;

/** Every region of the history, each with all expanders on the same demand. */
export async function regionVerdicts(
  options: ReplayOptions,
  location: string,
  { open, bundledStaticData, progress, signal }: ReplaySeams,
): Promise<{
  readonly regions: readonly RegionVerdict[];
  readonly cells: readonly CellRuns[];
  readonly report: HistoryReport;
}> {
  // What is small is read first: a mistake in it costs no minutes.
  const demands = await Promise.all(options.demand.map(demandNamed));
  const given =
    options.groups === 'usual'
      ? undefined
      : groupsOf(await readText('groups', options.groups, ''), options.groups);
  const history = await loadHistory(
    location,
    open,
    {
      ...(options.region === undefined ? {} : { regions: options.region }),
      ...(options.to === undefined ? {} : { toMs: options.to }),
      onProgress: progress.say,
      onBytes: (read, all) => progress.at('reading prices', read, all),
    },
    signal,
  );
  progress.say(reportText(history.report).trimEnd());
  if (history.series.length === 0)
    throw new UsageError([`the history at ${location} holds no prices of what was asked for`]);
  const regions = [...new Set(history.series.map(({ region }) => region))];
  const vintages = await vintagesOf(options, bundledStaticData, regions);
  const [facts] = vintages;
  if (facts === undefined) throw new UsageError(['--advisor names no document']);
  const { table: onDemand } = await onDemandPrices(options.onDemand, location, open, signal);
  const risk = options.risk === undefined ? undefined : await readScores(options.risk, open, signal);
  if (given !== undefined) {
    const mistakes = groupMistakes(given, { ...history, ...facts, onDemandPerHour: onDemand });
    if (mistakes.length > 0) throw new UsageError(mistakes.map((one) => `${options.groups}: ${one}`));
    for (const one of leftOut(given, history.series)) progress.say(`${options.groups}: ${one}`);
  }
  const verdicts: RegionVerdict[] = [];
  const cells: CellRuns[] = [];
  for (const region of regions) {
    const series = history.series.filter((one) => one.region === region);
    const groups =
      given === undefined ? usualGroups(series, facts.instanceType) : groupsOfRegion(given, series);
    if (groups.length === 0 && given !== undefined && regions.length > 1) {
      progress.say(`${region} is left out: none of the groups is in it`);
      continue;
    }
    if (groups.length < 2)
      throw new UsageError([`${region}: fewer than two of the groups have prices in the history`]);
    const span = spanOf(series);
    for (const { name, batches } of demands)
      if ((batches?.[0]?.atMs ?? Infinity) < span.fromMs)
        throw new UsageError([
          `${name} begins at ${timeText(batches?.[0]?.atMs ?? 0)}, before the first price of ${region} at ${timeText(span.fromMs)}`,
        ]);
    const scaleDowns = options.scaleDown === 'both' ? (['empty', 'underused'] as const) : [options.scaleDown];
    for (const vintage of vintages)
      for (const { kind, batches, name } of demands)
        for (const scaleDown of scaleDowns) {
          const cell = [
            ...(vintages.length > 1 ? [vintage.name] : []),
            ...(demands.length > 1 ? [name] : []),
            ...(scaleDowns.length > 1 ? [scaleDown === 'empty' ? 'nodes go empty' : 'pods are moved'] : []),
          ].join(', ');
          const plan: TrialPlan = {
            region,
            series,
            groups,
            instanceType: facts.instanceType,
            advisorBand: (type: string) => vintage.advisorBand(type, region),
            trueBand: (type: string) => (vintage.trueBand ?? vintage.advisorBand)(type, region),
            onDemandPerHour: (type: string) => onDemand(type, region),
            risk: (pool: { readonly instanceType: string; readonly zone: string }, nowMs: number) =>
              risk?.riskAt(pool, nowMs),
            demand: batches,
            fromMs: batches?.[0]?.atMs ?? Math.max(span.fromMs + warmUpMs, options.from ?? -Infinity),
            toMs: Math.min(span.toMs, options.to ?? Infinity),
            days: options.days,
            seeds: options.seeds,
            batchesPerDay: options.batchesPerDay,
            ...(kind !== undefined && { demandKind: kind }),
            disturbance: { perPod: options.disturbancePrice, atOnce: options.atOncePrice },
            bursts: options.bursts,
            dryShare: options.dry,
            atOnceTimes: options.atOnceTimes,
            expanderSet: options.expanderSet,
            interruptions: options.interruptions,
            lostWorkMs: options.lostWorkMinutes * 60_000,
            scaleDown,
            policy: options.policy,
          };
          const place = cell === '' ? region : `${region}, ${cell}`;
          const runs = await runsOf(plan, options, place, { progress, signal });
          cells.push({ name: place, runs });
          verdicts.push({
            region,
            cell,
            groups: groups.length,
            seeds: options.seeds,
            disturbancePrice: options.disturbancePrice,
            summaries: comparison(runs, 'spot-expander'),
          });
        }
  }
  if (verdicts.length === 0) throw new UsageError(['none of the groups has prices in the history']);
  return { regions: verdicts, cells, report: history.report };
}

async function runsOf(
  plan: TrialPlan,
  { seeds, firstSeed }: ReplayOptions,
  place: string,
  { progress, signal }: Pick<ReplaySeams, 'progress' | 'signal'>,
): Promise<readonly (readonly RunOutcome[])[]> {
  if (plan.fromMs >= plan.toMs)
    throw new UsageError([
      `${plan.region}: the history ends at ${timeText(plan.toMs)}, before the demand begins at ${timeText(plan.fromMs)}: the first eight days are only looked back at`,
    ]);
  const runs: (readonly RunOutcome[])[] = [];
  for (let count = 1; count <= seeds; count += 1) {
    signal.throwIfAborted();
    const seed = firstSeed + count - 1;
    const outcomes = seedRuns(plan, seed);
    if (!outcomes.every(({ usefulVcpuHours }) => usefulVcpuHours > 0))
      throw new UsageError([
        `${plan.region}, seed ${seed}: no pod ran; either none fits a node of the groups, or none came within ${plan.days} days`,
      ]);
    runs.push(outcomes);
    progress.at(`${place}: seeds`, count, seeds);
    await new Promise(setImmediate);
  }
  const unplaceable = runs.reduce((sum, [ours]) => sum + (ours?.unplaceable ?? 0), 0);
  if (unplaceable > 0)
    progress.say(
      `${place}: ${unplaceable} pods in ${seeds} seeds fit none of the groups that were there and did not run`,
    );
  return runs;
}

interface NamedDemand {
  readonly name: string;
  readonly kind?: keyof typeof demandKinds;
  /** Undefined: generated. */
  readonly batches: readonly PodBatch[] | undefined;
}

async function demandNamed(name: string): Promise<NamedDemand> {
  if (name === 'generated') return { name, batches: undefined };
  const kind = kinds.find((one) => name === `generated:${one}`);
  if (kind !== undefined) return { name, kind, batches: undefined };
  const text = await readText('demand', name, `; kinds that are generated: ${kinds.join(', ')}`);
  return { name, batches: demandOf(text, name) };
}

/** What is decided by, and what happens where that differs. */
interface Vintage extends SimulatedFacts {
  readonly name: string;
  readonly trueBand: SimulatedFacts['advisorBand'] | undefined;
}

/** Facts by each Spot Advisor document that is named, or by what --static holds. */
async function vintagesOf(
  options: ReplayOptions,
  bundledStaticData: string,
  regions: readonly string[],
): Promise<readonly Vintage[]> {
  const { instanceTypes: types, advisor = [], hazards } = options;
  const given = options.static ?? (types === undefined ? bundledStaticData : undefined);
  const factsBy = async (document: string | undefined) =>
    await simulatedFacts({ static: given, types, advisor: document }, regions);
  const truth = hazards === undefined ? undefined : await factsBy(hazards);
  const documents = advisor.length === 0 ? [undefined] : advisor;
  return await Promise.all(
    documents.map(async (document) => ({
      ...(await factsBy(document)),
      name: document === undefined ? 'bundled bands' : basename(document),
      trueBand: truth?.advisorBand,
    })),
  );
}

function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}

async function readScores(path: string, open: OpenLocation, signal: AbortSignal): Promise<RiskScores> {
  const { store, objects } = await open(path, signal);
  const scores = riskScores(path);
  for (const object of objects) {
    const problem = await feed(store, object, { onBytes: scores.push, onPart: () => undefined }, signal);
    if (problem !== undefined) throw new UsageError([`the scores in ${object.key}: ${problem}`]);
  }
  return scores;
}

async function readText(flag: string, path: string, hint: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    const why = messageOf(error);
    throw new UsageError([`--${flag} ${path} cannot be read: ${why}${hint}`]);
  });
}
