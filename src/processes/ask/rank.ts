import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { recordingText } from '../../adapters/record-files/record-directory.ts';
import { addSettingFlags } from '../../config/setting.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { basisThen, replayed } from '../../server/recording/replay.ts';
import { recordingFrom } from '../../server/recording/recording.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import { addServerFlags, asUsage, openedAdvisor } from './advisor-access.ts';
import type { CommandContext } from '../command-context.ts';
import { localAdvisor, type LocalAdvisor } from './local-advisor.ts';
import { readableRanking, readableReplay } from '../../api/readable.ts';

type Options = Readonly<Record<string, unknown>>;

/** `spot-expander rank`: ranks pools here, or on a server, or runs a recorded scale-up again. */
export function rankCommand(context: CommandContext, openLocal: LocalAdvisor = localAdvisor): Command {
  return addSettingFlags(addServerFlags(new Command('rank')), decisionSettings)
    .description('rank Spot pools by yield, with the reason for each that is dropped')
    .argument('[pools...]', 'TYPE@ZONE, for example c5.large@ap-south-1a')
    .option('--vcpu <n>', 'instead of pools: every known pool of the region with at least this many vCPUs')
    .option('--memory-gb <n>', 'and at least this many GiB of memory')
    .option('--architecture <name>', 'and x86_64 or arm64')
    .option('--request <file>', 'instead of pools: a request of the API as JSON; - reads standard input')
    .option('--replay <file>', 'run a recorded scale-up again on what was known then, and show both answers')
    .option('--today', 'with --replay: decide by what is known and configured now')
    .option('--config <file>', 'configuration file (YAML), as for serve')
    .option('--json', 'the answer of the API as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 ranked, 1 failed (or a replay answers otherwise than then), 2 used wrongly.',
    )
    .action(async (pools: readonly string[], options: Options) => {
      if (typeof options['replay'] === 'string')
        return replay(options['replay'], pools, options, context, openLocal);
      const request = rankRequest(pools, options);
      const opened = await openedAdvisor(options, context, openLocal);
      try {
        const answer = await asUsage(opened.advisor.rank(request));
        for (const note of opened.notes) context.writeError(`${note}\n`);
        context.writeOut(
          options['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : readableRanking(answer),
        );
      } finally {
        await opened.close();
      }
    });
}

/** @throws UsageError unless exactly one way of asking was taken. */
function rankRequest(pools: readonly string[], options: Options): object {
  const { vcpu, memoryGb, architecture, request, region } = options;
  const hasRequirements = [vcpu, memoryGb, architecture].some((one) => one !== undefined);
  const ways = [pools.length > 0, hasRequirements, request !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new UsageError([
      'give either pools as TYPE@ZONE, or --vcpu, --memory-gb and --architecture, or --request FILE, or --replay FILE',
    ]);
  if (typeof request === 'string') return requestIn(request);
  const place = typeof region === 'string' ? { region } : {};
  if (!hasRequirements) return { pools, ...place };
  return {
    resource_requirements: {
      ...numberOption('vcpu', vcpu),
      ...numberOption('memory_gb', memoryGb),
      ...(architecture === undefined ? {} : { architecture }),
    },
    ...place,
  };
}

function numberOption(field: string, text: unknown): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  const value = Number(text);
  if (typeof text === 'string' && text.trim() !== '' && Number.isFinite(value)) return { [field]: value };
  throw new UsageError([`--${field.replace('_', '-')} must be a number (got ${JSON.stringify(text)})`]);
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
  options: Options,
  context: CommandContext,
  openLocal: LocalAdvisor,
): Promise<void> {
  if (pools.length > 0 || typeof options['server'] === 'string')
    throw new UsageError([
      '--replay takes its request from the file: it goes without pools and without --server',
    ]);
  const recording = recordingFrom(textIn(path), path);
  const isToday = options['today'] === true;
  const opened = isToday ? await openLocal(options, context) : undefined;
  try {
    const now = replayed(recording, opened?.basis() ?? basisThen(recording), systemClock);
    const { answer: then } = recording;
    const isSame = then.answer.join('\n') === now.answer.join('\n');
    for (const note of opened?.notes ?? []) context.writeError(`${note}\n`);
    context.writeOut(
      options['json'] === true
        ? `${JSON.stringify({ same_answer: isSame, then, now }, null, 2)}\n`
        : readableReplay(then, now),
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
