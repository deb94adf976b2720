import { Command } from 'commander';
import { serveConfig } from '../../config/serve-config.ts';
import { serveSettings } from '../../config/serve-settings.ts';
import { addSettingFlags, settingFlags } from '../../config/setting.ts';
import type { CommandContext } from '../command-context.ts';

/** `spot-expander config check`: reads flags, environment and file as `serve` would, and shows what it would run by. */
export function configCommand(context: CommandContext): Command {
  const check = addSettingFlags(new Command('check'), serveSettings)
    .description('read the configuration as serve would and print every value, or every mistake')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--prod', 'check for PROD mode')
    .action((options: Record<string, unknown>) => {
      const config = serveConfig({
        flags: settingFlags(serveSettings, options),
        environment: context.environment,
        configFile: typeof options['config'] === 'string' ? options['config'] : undefined,
        prod: options['prod'] === true,
      });
      context.writeOut(`${JSON.stringify(config, null, 2)}\n`);
    });
  return new Command('config').description('look at the configuration').addCommand(check);
}
