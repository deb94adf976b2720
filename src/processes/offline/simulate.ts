import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { SettingValues } from '../../config/setting.ts';
import { defaultPolicy } from '../../decision/policy.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { pooledText, spreadingText } from '../../offline/simulate/pooled-text.ts';
import { simulationPage } from '../../offline/simulate/simulation-page.ts';
import { traceArchive } from '../../offline/simulate/trace-archive.ts';
import { traceHabits } from '../../offline/simulate/trace-habits.ts';
import { partOf } from '../../offline/simulate/trace-part.ts';
import { fitsText } from '../../offline/simulate/fits-text.ts';
import { habitsText, traceText } from '../../offline/simulate/trace-text.ts';
import { traceTrial, type TraceVerdict } from '../../offline/simulate/trace-trial.ts';
import { trialText } from '../../offline/simulate/trial-text.ts';
import { bundledStaticData } from '../bundled-files.ts';
import type { CommandContext } from '../command-context.ts';
import { openLocation } from './open-location.ts';
import { progressOf, type Progress } from '../progress.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { simulateSettings } from './simulate-settings.ts';
import { regionVerdicts, type ReplayOptions } from '../../offline/simulate/region-replay.ts';

const help = `
Groups are a list under "groups", each with id, instance_type, zone and, where they differ, capacity_type (spot) and priority.
Demand is a CSV file with the columns time, pods, cpu_milli, memory_mib and hours.
Tables go to the standard output, progress to the standard error.`;

/** `spot-expander simulate`: what each expander would have cost on real prices, and what hot pools spare on real traces. */
export function simulateCommand(context: CommandContext): Command {
  return withSettings(
    new Command('simulate').addHelpText('after', help),
    simulateSettings,
    '0 done, whoever is cheaper; 1 failed; 2 used wrongly',
  )
    .description('replay scale-ups over real price history, and interruptions over availability traces')
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const settings = readSettings(simulateSettings, options, context);
      const progress = progressOf(context);
      await simulate(settings, context, progress).finally(progress.end);
    });
}

type SimulateSettings = SettingValues<typeof simulateSettings.table>;

async function simulate(
  settings: SimulateSettings,
  context: CommandContext,
  progress: Progress,
): Promise<void> {
  if (settings.history === undefined && settings.traces === undefined)
    throw new UsageError(['name --history, --traces or both']);
  if (settings.from !== undefined && settings.to !== undefined && settings.to <= settings.from)
    throw new UsageError(['--to must come after --from']);
  if (settings.burst_least > settings.burst_most)
    throw new UsageError(['--burst-least must not be above --burst-most']);
  const sets =
    settings.traces === undefined ? [] : partOf(await traceArchive(settings.traces), settings.trace_part);
  const replayed =
    settings.history === undefined
      ? undefined
      : await regionVerdicts(replayOptions(settings), settings.history, {
          open: openLocation,
          // Read for the sizes of types alone: bands and prices are by region.
          bundledStaticData: bundledStaticData('ap-south-1'),
          progress,
          signal: context.signal,
        });
  const regions = replayed?.regions ?? [];
  const traceSeeds = Math.max(2, settings.seeds);
  if (sets.length > 0) progress.say(`traces: ${sets.length} sets of pools, ${traceSeeds} seeds each`);
  const traces: readonly TraceVerdict[] =
    sets.length === 0
      ? []
      : traceTrial(sets, traceSeeds, (done, all) => {
          context.signal.throwIfAborted();
          progress.at('replaying traces', done, all);
        });
  progress.end();
  const cells = replayed?.cells ?? [];
  context.writeOut(
    [...regions.map(trialText), pooledText(cells, 'spot-expander'), spreadingText(cells, 'spot-expander')]
      .filter((text) => text !== '')
      .join('\n'),
  );
  if (traces.length > 0) context.writeOut(traceText(traces) + habitsText(traceHabits(sets)) + fitsText(sets));
  if (settings.json !== undefined)
    await written(
      settings.json,
      `${JSON.stringify({ history: replayed?.report, regions, traces }, null, 1)}\n`,
    );
  if (settings.html !== undefined) await written(settings.html, simulationPage(regions, traces));
}

function replayOptions(settings: SimulateSettings): ReplayOptions {
  return {
    ...(settings.region !== undefined && { region: settings.region }),
    groups: settings.groups,
    demand: settings.demand,
    ...(settings.hazards !== undefined && { hazards: settings.hazards }),
    ...(settings.static !== undefined && { static: settings.static }),
    ...(settings.instance_types !== undefined && { instanceTypes: settings.instance_types }),
    ...(settings.advisor !== undefined && { advisor: settings.advisor }),
    ...(settings.on_demand !== undefined && { onDemand: settings.on_demand }),
    ...(settings.risk !== undefined && { risk: settings.risk }),
    ...(settings.from !== undefined && { from: settings.from }),
    ...(settings.to !== undefined && { to: settings.to }),
    days: settings.days,
    seeds: settings.seeds,
    firstSeed: settings.first_seed,
    batchesPerDay: settings.batches_per_day,
    disturbancePrice: settings.disturbance_price,
    atOncePrice: settings.at_once_price,
    bursts: { together: settings.burst_share, least: settings.burst_least, most: settings.burst_most },
    dry: settings.dry,
    atOnceTimes: settings.at_once_times ?? [],
    expanderSet: settings.expanders,
    interruptions: settings.interruptions,
    lostWorkMinutes: settings.lost_work_minutes,
    scaleDown: settings.scale_down,
    policy: {
      ...defaultPolicy,
      formula: settings.formula,
      reuseShare: settings.reuse_share,
      nodeTail: settings.node_tail,
      interruptionPrice: settings.interruption_price,
      maxSafetyPremium: settings.max_safety_premium,
      lossAtOnce: {
        ofTenPercent: settings.loss_of_10_percent,
        ofThirtyPercent: settings.loss_of_30_percent,
        ofHalf: settings.loss_of_50_percent,
      },
    },
  };
}

async function written(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new Error(`${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
}
