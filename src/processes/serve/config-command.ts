import { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { withExitCodes } from '../settings-command.ts';
import { toldToServe, withServeSettings } from './serve-command.ts';

/** `spot-expander config check`: reads flags, environment and file as `serve` would, and shows what it would run by. */
export function configCommand(context: CommandContext): Command {
  const check = withServeSettings(new Command('check'))
    .description('read the configuration as serve would and print every value, or every mistake')
    .action((options: Record<string, unknown>) => {
      context.writeOut(`${JSON.stringify(toldToServe(options, context).config, null, 2)}\n`);
    });
  return withExitCodes(new Command('config').description('look at the configuration')).addCommand(check);
}
