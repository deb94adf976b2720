import { readFile, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultPolicy } from '../decision/policy.ts';
import { UsageError } from '../errors/usage-error.ts';
import { spanOf } from '../history/history-span.ts';
import { reportText } from '../history/history-report.ts';
import type { HistoryReport } from '../history/history-report.ts';
import { loadHistory } from '../history/load-history.ts';
import { openLocation } from '../history/open-location.ts';
import { timeOfText } from '../history/price-text.ts';
import { feed } from '../history/stored-history.ts';
import { comparison } from '../simulate/comparison.ts';
import { demandKinds, demandOf } from '../simulate/demand.ts';
import { seedRuns } from '../simulate/region-trial.ts';
import { riskScores, type RiskScores } from '../simulate/risk-scores.ts';
import { simulatedFacts } from '../simulate/simulated-facts.ts';
import { groupsOf, usualGroups } from '../simulate/simulated-group.ts';
import { simulationPage } from '../simulate/simulation-page.ts';
import { traceArchive } from '../simulate/trace-archive.ts';
import { traceHabits } from '../simulate/trace-habits.ts';
import { partOf, traceParts, type TracePart } from '../simulate/trace-part.ts';
import { habitsText, traceText } from '../simulate/trace-text.ts';
import { traceTrial, type TraceVerdict } from '../simulate/trace-trial.ts';
import { trialText, type RegionVerdict } from '../simulate/trial-text.ts';
import { onDemandPrices } from '../training/on-demand-files.ts';
import { bundledStaticData } from './bundled-files.ts';
import type { CommandContext } from './command-context.ts';
import { resultFileFlag } from './learning-flags.ts';

interface SimulateOptions {
  readonly history?: string;
  readonly traces?: string;
  readonly tracePart: TracePart;
  readonly region?: readonly string[];
  readonly groups: string;
  readonly demand: string;
  readonly static?: string;
  readonly instanceTypes?: string;
  readonly advisor?: string;
  readonly onDemand?: string;
  readonly risk?: string;
  readonly from?: number;
  readonly to?: number;
  readonly days: number;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly batchesPerDay: number;
  readonly disturbancePrice: number;
  readonly lostWorkMinutes: number;
  readonly scaleDown: 'empty' | 'underused';
  readonly reuseShare: number;
  readonly nodeTail: number;
  readonly interruptionHours: number;
  readonly json?: string;
  readonly html?: string;
}

const kinds = Object.keys(demandKinds) as readonly (keyof typeof demandKinds)[];
const warmUpMs = 8 * 86_400_000;

/** `spot-expander simulate`: what each expander would have cost on real prices, and what hot pools spare on real traces. */
export function simulateCommand(context: CommandContext): Command {
  return new Command('simulate')
    .description('replay scale-ups over real price history, and interruptions over availability traces')
    .option('--history <place>', 'price history: a file, a directory or s3://bucket/prefix')
    .option('--traces <file>', 'availability traces: a .tar.gz of SkyPilot JSON files')
    .addOption(
      new Option('--trace-part <part>', 'the sets or the half of their time that are replayed')
        .choices(traceParts)
        .default('all'),
    )
    .option('--region <names>', 'these regions only, separated by commas', list)
    .option('--groups <file>', 'node groups (YAML or JSON), or "usual"', 'usual')
    .option(
      '--demand <file>',
      `demand (CSV), or "generated"; other kinds: ${kinds.map((kind) => `generated:${kind}`).join(', ')}`,
      'generated',
    )
    .option(
      '--static <file>',
      'static intelligence: instance types and Spot Advisor bands; without it and without --instance-types the bundled snapshot',
    )
    .option('--instance-types <file>', 'instance types (CSV), beside or instead of --static')
    .option('--advisor <file>', 'a Spot Advisor document, beside or instead of --static')
    .option('--on-demand <path>', 'on-demand prices: a CSV or static intelligence file, or a folder of them')
    .option('--risk <file>', 'scores of a model, as `score` writes them; without it the Advisor bands')
    .option('--from <time>', 'not before this time', time)
    .option('--to <time>', 'not after this time', time)
    .option('--days <number>', 'days that each seed runs', positive, 14)
    .option('--seeds <number>', 'repetitions, each with its own demand, span and interruptions', positive, 20)
    .option(
      '--first-seed <number>',
      'the first of the seeds: others than those that a policy was chosen on',
      positive,
      1,
    )
    .option('--batches-per-day <number>', 'generated demand: batches of pods a day', positive, 24)
    .option(
      '--disturbance-price <usd>',
      'what one interrupted node costs beside its lost work',
      zeroOrMore,
      1,
    )
    .option('--lost-work-minutes <minutes>', 'work that an evicted pod does again, at most', zeroOrMore, 60)
    .addOption(
      new Option(
        '--scale-down <nodes>',
        'nodes that the autoscaler removes: empty, or also underused ones whose pods fit elsewhere',
      )
        .choices(['empty', 'underused'])
        .default('empty'),
    )
    .option('--reuse-share <0..1>', 'ours with this policy', zeroOrMore, defaultPolicy.reuseShare)
    .option('--node-tail <0..1>', 'ours with this policy', zeroOrMore, defaultPolicy.nodeTail)
    .option(
      '--interruption-hours <hours>',
      'ours with this policy',
      zeroOrMore,
      defaultPolicy.interruptionHours,
    )
    .option('--json <file>', 'write everything that was measured')
    .option('--html <file>', 'write a page with plots')
    .action(async (options: SimulateOptions) => await simulate(options, context));
}

async function simulate(options: SimulateOptions, context: CommandContext): Promise<void> {
  if (options.history === undefined && options.traces === undefined)
    throw new UsageError(['name --history, --traces or both']);
  const json = resultFileFlag({ ...options }, 'json');
  const html = resultFileFlag({ ...options }, 'html');
  const replayed =
    options.history === undefined ? undefined : await regionVerdicts(options, options.history, context);
  const regions = replayed?.regions ?? [];
  const sets =
    options.traces === undefined ? [] : partOf(await traceArchive(options.traces), options.tracePart);
  const traces: readonly TraceVerdict[] = traceTrial(sets, Math.max(2, options.seeds));
  context.writeOut(regions.map(trialText).join('\n'));
  if (traces.length > 0) context.writeOut(traceText(traces) + habitsText(traceHabits(sets)));
  if (json !== undefined)
    await writeFile(json, `${JSON.stringify({ history: replayed?.report, regions, traces }, null, 1)}\n`);
  if (html !== undefined) await writeFile(html, simulationPage(regions, traces));
}

async function regionVerdicts(
  options: SimulateOptions,
  location: string,
  context: CommandContext,
): Promise<{ readonly regions: readonly RegionVerdict[]; readonly report: HistoryReport }> {
  const { signal } = context;
  const history = await loadHistory(
    location,
    {
      ...(options.region === undefined ? {} : { regions: options.region }),
      ...(options.to === undefined ? {} : { toMs: options.to }),
      onProgress: (sentence) => context.writeError(`${sentence}\n`),
    },
    signal,
  );
  context.writeError(reportText(history.report));
  if (history.series.length === 0)
    throw new UsageError([`the history at ${location} holds no prices of what was asked for`]);
  const regions = [...new Set(history.series.map(({ region }) => region))];
  const facts = await simulatedFacts(
    {
      static: options.static ?? (options.instanceTypes === undefined ? bundledStaticData : undefined),
      types: options.instanceTypes,
      advisor: options.advisor,
    },
    regions,
  );
  const { table: onDemand } = await onDemandPrices(options.onDemand, location, signal);
  const risk = options.risk === undefined ? undefined : await readScores(options.risk, signal);
  const kind = kinds.find((one) => options.demand === `generated:${one}`);
  const demand =
    options.demand === 'generated' || kind !== undefined
      ? undefined
      : demandOf(await readFile(options.demand, 'utf8'), options.demand);
  const given =
    options.groups === 'usual' ? undefined : groupsOf(await readFile(options.groups, 'utf8'), options.groups);
  const verdicts: RegionVerdict[] = [];
  for (const region of regions) {
    const series = history.series.filter((one) => one.region === region);
    const pools = new Set(series.map(({ instanceType, zone }) => `${instanceType}@${zone}`));
    const groups =
      given?.filter(
        ({ instanceType, zone, capacityType }) =>
          capacityType === 'on-demand' || pools.has(`${instanceType}@${zone}`),
      ) ?? usualGroups(series, facts.instanceType);
    if (groups.length < 2)
      throw new UsageError([`${region}: fewer than two of the groups have prices in the history`]);
    const span = spanOf(series);
    const plan = {
      region,
      series,
      groups,
      instanceType: facts.instanceType,
      advisorBand: (type: string) => facts.advisorBand(type, region),
      onDemandPerHour: (type: string) => onDemand(type, region),
      risk: (pool: { readonly instanceType: string; readonly zone: string }, nowMs: number) =>
        risk?.riskAt(pool, nowMs),
      demand,
      fromMs: demand?.[0]?.atMs ?? Math.max(span.fromMs + warmUpMs, options.from ?? -Infinity),
      toMs: Math.min(span.toMs, options.to ?? Infinity),
      days: options.days,
      seeds: options.seeds,
      batchesPerDay: options.batchesPerDay,
      ...(kind !== undefined && { demandKind: kind }),
      disturbancePrice: options.disturbancePrice,
      lostWorkMs: options.lostWorkMinutes * 60_000,
      scaleDown: options.scaleDown,
      policy: {
        ...defaultPolicy,
        reuseShare: options.reuseShare,
        nodeTail: options.nodeTail,
        interruptionHours: options.interruptionHours,
      },
    };
    if (plan.fromMs >= plan.toMs)
      throw new UsageError([
        `${region}: the history ends at ${timeText(plan.toMs)}, before the demand begins at ${timeText(plan.fromMs)}: the first eight days are only looked back at`,
      ]);
    const runs = [];
    for (let count = 1; count <= options.seeds; count += 1) {
      signal.throwIfAborted();
      runs.push(seedRuns(plan, options.firstSeed + count - 1));
      context.writeError(`${region}: seed ${count} of ${options.seeds}\n`);
      await new Promise(setImmediate);
    }
    verdicts.push({
      region,
      groups: groups.length,
      seeds: options.seeds,
      disturbancePrice: options.disturbancePrice,
      summaries: comparison(runs, 'spot-expander', options.disturbancePrice),
    });
  }
  return { regions: verdicts, report: history.report };
}

function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}

async function readScores(path: string, signal: AbortSignal): Promise<RiskScores> {
  const { store, objects } = await openLocation(path, signal);
  const scores = riskScores(path);
  for (const object of objects) await feed(store, object, scores.push, signal);
  return scores;
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function time(text: string): number {
  const at = timeOfText(text);
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      'must be a time such as 2023-11-01 or 2023-11-01T06:00:00Z (UTC unless it names another zone).',
    );
  return at;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0.');
  return value;
}

function zeroOrMore(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('must be a number, 0 or more.');
  return value;
}
