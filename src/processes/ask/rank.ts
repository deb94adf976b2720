import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { recordingText } from '../../adapters/files/record-directory.ts';
import { addSettingFlags } from '../../config/setting-flags.ts';
import type { SettingValues } from '../../config/setting.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { basisThen, replayed } from '../../server/recording/replay.ts';
import { recordingFrom } from '../../server/recording/recording.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import { asUsage, openedAdvisor } from './advisor-access.ts';
import { askedRegion, rankSettings, serverSettings } from './ask-settings.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { localAdvisor, type LocalAdvisor } from './local-advisor.ts';
import { readableRanking, readableReplay } from '../../api/readable.ts';

type Options = Readonly<Record<string, unknown>>;
type RankSettings = SettingValues<typeof rankSettings>;

/** `spot-expander rank`: ranks pools here, or on a server, or runs a recorded scale-up again. */
export function rankCommand(context: CommandContext, openLocal: LocalAdvisor = localAdvisor): Command {
  const command = withSettings(
    new Command('rank'),
    { table: rankSettings },
    '0 ranked, 1 failed (or a replay answers otherwise than then), 2 used wrongly',
  );
  return addSettingFlags(addSettingFlags(command, serverSettings), decisionSettings)
    .description('rank Spot pools by yield, with the reason for each that is dropped')
    .argument('[pools...]', 'TYPE@ZONE, for example c5.large@ap-south-1a')
    .action(async (pools: readonly string[], options: Options) => {
      const settings = readSettings({ table: rankSettings }, options, context);
      if (settings.replay !== undefined)
        return replay(settings.replay, pools, settings, options, context, openLocal);
      const { region } = readSettings({ table: askedRegion }, options, context);
      const request = rankRequest(pools, settings, region);
      const opened = await openedAdvisor(options, context, openLocal);
      try {
        const answer = await asUsage(opened.advisor.rank(request));
        for (const note of opened.notes) context.writeError(`${note}\n`);
        const most = settings.all ? undefined : settings.top;
        context.writeOut(
          settings.json
            ? `${JSON.stringify(answer, null, 2)}\n`
            : readableRanking(answer, most, context.paint),
        );
      } finally {
        await opened.close();
      }
    });
}

/** @throws UsageError unless exactly one way of asking was taken. */
function rankRequest(pools: readonly string[], settings: RankSettings, region: string | undefined): object {
  const { vcpu, memory_gb, architecture, request } = settings;
  const requirements = { vcpu, memory_gb, architecture };
  const named = Object.entries(requirements).filter(([, value]) => value !== undefined);
  const ways = [pools.length > 0, named.length > 0, request !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new UsageError([
      'give either pools as TYPE@ZONE, or --vcpu, --memory-gb and --architecture, or --request FILE, or --replay FILE',
    ]);
  if (request !== undefined) return requestIn(request);
  const place = region === undefined ? {} : { region };
  return named.length === 0
    ? { pools, ...place }
    : { resource_requirements: Object.fromEntries(named), ...place };
}

function requestIn(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
    if (typeof value === 'object' && value !== null) return value;
    throw new Error('it must hold an object');
  } catch (error) {
    const why = messageOf(error);
    throw new UsageError([`--request ${path} cannot be used: ${why}`], { cause: error });
  }
}

async function replay(
  path: string,
  pools: readonly string[],
  { today: isToday, json }: RankSettings,
  options: Options,
  context: CommandContext,
  openLocal: LocalAdvisor,
): Promise<void> {
  if (pools.length > 0 || typeof options['server'] === 'string')
    throw new UsageError([
      '--replay takes its request from the file: it goes without pools and without --server',
    ]);
  const recording = recordingFrom(textIn(path), path);
  const opened = isToday ? await openLocal(options, context) : undefined;
  try {
    const now = replayed(recording, opened?.basis() ?? basisThen(recording), systemClock);
    const { answer: then } = recording;
    const isSame = then.answer.join('\n') === now.answer.join('\n');
    for (const note of opened?.notes ?? []) context.writeError(`${note}\n`);
    context.writeOut(
      json ? `${JSON.stringify({ same_answer: isSame, then, now }, null, 2)}\n` : readableReplay(then, now),
    );
    // On the same facts and policy only the program can have changed.
    if (!isSame && !isToday) context.setExitCode(1);
  } finally {
    await opened?.close();
  }
}

function textIn(path: string): string {
  try {
    return recordingText(readFileSync(path));
  } catch (error) {
    const why = messageOf(error);
    throw new UsageError([`--replay ${path} cannot be read: ${why}`], { cause: error });
  }
}
