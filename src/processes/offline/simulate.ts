import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { SettingValues } from '../../config/setting.ts';
import { defaultPolicy } from '../../decision/policy.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { pooledText } from '../../offline/simulate/pooled-text.ts';
import { simulationPage } from '../../offline/simulate/simulation-page.ts';
import { traceArchive } from '../../offline/simulate/trace-archive.ts';
import { traceHabits } from '../../offline/simulate/trace-habits.ts';
import { partOf } from '../../offline/simulate/trace-part.ts';
import { habitsText, traceText } from '../../offline/simulate/trace-text.ts';
import { traceTrial, type TraceVerdict } from '../../offline/simulate/trace-trial.ts';
import { trialText } from '../../offline/simulate/trial-text.ts';
import { bundledStaticData } from '../bundled-files.ts';
import type { CommandContext } from '../command-context.ts';
import { openLocation } from './open-location.ts';
import { progressOf, type Progress } from '../progress.ts';
import { toldSettings, withSettings } from '../settings-command.ts';
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
      const told = toldSettings(simulateSettings, options, context);
      const progress = progressOf(context);
      await simulate(told, context, progress).finally(progress.end);
    });
}

type Told = SettingValues<typeof simulateSettings.table>;

async function simulate(told: Told, context: CommandContext, progress: Progress): Promise<void> {
  if (told.history === undefined && told.traces === undefined)
    throw new UsageError(['name --history, --traces or both']);
  if (told.from !== undefined && told.to !== undefined && told.to <= told.from)
    throw new UsageError(['--to must come after --from']);
  const sets = told.traces === undefined ? [] : partOf(await traceArchive(told.traces), told.trace_part);
  const replayed =
    told.history === undefined
      ? undefined
      : await regionVerdicts(replayOptions(told), told.history, {
          open: openLocation,
          // Read for the sizes of types alone: bands and prices are by region.
          bundledStaticData: bundledStaticData('ap-south-1'),
          progress,
          signal: context.signal,
        });
  const regions = replayed?.regions ?? [];
  const traceSeeds = Math.max(2, told.seeds);
  if (sets.length > 0) progress.say(`traces: ${sets.length} sets of pools, ${traceSeeds} seeds each`);
  const traces: readonly TraceVerdict[] =
    sets.length === 0
      ? []
      : traceTrial(sets, traceSeeds, (done, all) => {
          context.signal.throwIfAborted();
          progress.at('replaying traces', done, all);
        });
  progress.end();
  context.writeOut(regions.map(trialText).join('\n') + pooledText(replayed?.cells ?? [], 'spot-expander'));
  if (traces.length > 0) context.writeOut(traceText(traces) + habitsText(traceHabits(sets)));
  if (told.json !== undefined)
    await written(told.json, `${JSON.stringify({ history: replayed?.report, regions, traces }, null, 1)}\n`);
  if (told.html !== undefined) await written(told.html, simulationPage(regions, traces));
}

function replayOptions(told: Told): ReplayOptions {
  return {
    ...(told.region !== undefined && { region: told.region }),
    groups: told.groups,
    demand: told.demand,
    ...(told.hazards !== undefined && { hazards: told.hazards }),
    ...(told.static !== undefined && { static: told.static }),
    ...(told.instance_types !== undefined && { instanceTypes: told.instance_types }),
    ...(told.advisor !== undefined && { advisor: told.advisor }),
    ...(told.on_demand !== undefined && { onDemand: told.on_demand }),
    ...(told.risk !== undefined && { risk: told.risk }),
    ...(told.from !== undefined && { from: told.from }),
    ...(told.to !== undefined && { to: told.to }),
    days: told.days,
    seeds: told.seeds,
    firstSeed: told.first_seed,
    batchesPerDay: told.batches_per_day,
    disturbancePrice: told.disturbance_price,
    atOncePrice: told.at_once_price,
    burstShare: told.burst_share,
    interruptions: told.interruptions,
    lostWorkMinutes: told.lost_work_minutes,
    scaleDown: told.scale_down,
    policy: {
      ...defaultPolicy,
      formula: told.formula,
      reuseShare: told.reuse_share,
      nodeTail: told.node_tail,
      interruptionPrice: told.interruption_price,
      maxSafetyPremium: told.max_safety_premium,
      lossAtOnce: {
        ofTenPercent: told.loss_of_10_percent,
        ofThirtyPercent: told.loss_of_30_percent,
        ofHalf: told.loss_of_50_percent,
      },
    },
  };
}

async function written(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new Error(`${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
}
