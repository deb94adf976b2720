import { Command } from 'commander';
import { flag } from '../../config/setting.ts';
import { addSettingFlags } from '../../config/setting-flags.ts';
import { serveWarnings } from '../../config/serve-warnings.ts';
import { names, yesOrNo } from '../../config/value-types.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withExitCodes } from '../settings-command.ts';
import { readServeSettings, withServeSettings } from './serve-command.ts';

const checkSettings = {
  groups: flag(
    names.optional(),
    undefined,
    'ids',
    'ids of your node groups, separated by commas: says which descriptions under node_groups match none of them',
  ),
  balance_similar_node_groups: flag(
    yesOrNo.optional(),
    undefined,
    'yes|no',
    'whether the autoscaler runs with --balance-similar-node-groups: says what comes of it',
  ),
} as const;

/**
 * `spot-expander config check`: reads flags, environment and file as `serve` would, and shows what it would run by; on standard
 * error it warns of what `serve` takes without a word and what is probably not meant.
 */
export function configCommand(context: CommandContext): Command {
  const check = addSettingFlags(withServeSettings(new Command('check')), checkSettings)
    .description('read the configuration as serve would and print every value, or every mistake')
    .action((options: Record<string, unknown>) => {
      const { config, explicit: given } = readServeSettings(options, context);
      const { groups, balance_similar_node_groups: balancesGroups } = readSettings(
        { table: checkSettings },
        options,
        context,
      );
      context.writeOut(`${JSON.stringify(config, null, 2)}\n`);
      for (const sentence of serveWarnings({ config, explicit: given, groups, balancesGroups }))
        context.writeError(`warning: ${sentence}\n`);
    });
  return withExitCodes(new Command('config').description('look at the configuration')).addCommand(check);
}
