import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultPolicy } from '../../decision/policy.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { timeOfText } from '../../formats/price-text.ts';
import { simulationPage } from '../../offline/simulate/simulation-page.ts';
import { traceArchive } from '../../offline/simulate/trace-archive.ts';
import { traceHabits } from '../../offline/simulate/trace-habits.ts';
import { partOf, traceParts, type TracePart } from '../../offline/simulate/trace-part.ts';
import { habitsText, traceText } from '../../offline/simulate/trace-text.ts';
import { traceTrial, type TraceVerdict } from '../../offline/simulate/trace-trial.ts';
import { trialText } from '../../offline/simulate/trial-text.ts';
import { bundledStaticData } from '../bundled-files.ts';
import type { CommandContext } from '../command-context.ts';
import { openLocation } from './open-location.ts';
import { resultFileFlag } from './learning-flags.ts';
import { kinds, regionVerdicts, type ReplayOptions } from '../../offline/simulate/region-replay.ts';

interface SimulateOptions extends ReplayOptions {
  readonly history?: string;
  readonly traces?: string;
  readonly tracePart: TracePart;
  readonly json?: string;
  readonly html?: string;
}

const help = `
Groups are a list under "groups", each with id, instance_type, zone and, where they differ, capacity_type (spot) and priority.
Demand is a CSV file with the columns time, pods, cpu_milli, memory_mib and hours.
Tables go to the standard output, progress to the standard error.

Exit codes: 0 done, whoever is cheaper; 1 failed; 2 used wrongly.`;

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
    .option('--seeds <number>', 'repetitions, each with its own demand, span and interruptions', whole, 20)
    .option(
      '--first-seed <number>',
      'the first of the seeds: others than those that a policy was chosen on',
      whole,
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
    .option('--reuse-share <0..1>', 'ours with this policy', share, defaultPolicy.reuseShare)
    .option('--node-tail <0..1>', 'ours with this policy', share, defaultPolicy.nodeTail)
    .option(
      '--interruption-hours <hours>',
      'ours with this policy',
      zeroOrMore,
      defaultPolicy.interruptionHours,
    )
    .option('--json <file>', 'write everything that was measured')
    .option('--html <file>', 'write a page with plots')
    .addHelpText('after', help)
    .action(async (options: SimulateOptions) => await simulate(options, context));
}

async function simulate(options: SimulateOptions, context: CommandContext): Promise<void> {
  if (options.history === undefined && options.traces === undefined)
    throw new UsageError(['name --history, --traces or both']);
  const json = resultFileFlag({ ...options }, 'json');
  const html = resultFileFlag({ ...options }, 'html');
  const sets =
    options.traces === undefined ? [] : partOf(await traceArchive(options.traces), options.tracePart);
  const replayed =
    options.history === undefined
      ? undefined
      : await regionVerdicts(options, options.history, {
          open: openLocation,
          bundledStaticData,
          tell: context.writeError,
          nowMs: Date.now,
          signal: context.signal,
        });
  const regions = replayed?.regions ?? [];
  const traceSeeds = Math.max(2, options.seeds);
  if (sets.length > 0) context.writeError(`traces: ${sets.length} sets of pools, ${traceSeeds} seeds each\n`);
  const traces: readonly TraceVerdict[] = sets.length === 0 ? [] : traceTrial(sets, traceSeeds);
  context.writeOut(regions.map(trialText).join('\n'));
  if (traces.length > 0) context.writeOut(traceText(traces) + habitsText(traceHabits(sets)));
  if (json !== undefined)
    await written(json, `${JSON.stringify({ history: replayed?.report, regions, traces }, null, 1)}\n`);
  if (html !== undefined) await written(html, simulationPage(regions, traces));
}

async function written(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new Error(`${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
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
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('must be a number above 0.');
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value > 0))
    throw new InvalidArgumentError('must be a whole number above 0; seeds run from --first-seed on.');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('must be a number from 0 to 1.');
  return value;
}

function zeroOrMore(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('must be a number, 0 or more.');
  return value;
}
