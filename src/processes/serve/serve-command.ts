import { Command } from 'commander';
import { explicitServeSettings, serveConfig, type ServeConfig } from '../../config/serve-config.ts';
import { serveSettings, serveStartSettings } from '../../config/serve-settings.ts';
import { addSettingFlags, settingFlags } from '../../config/setting-flags.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withExitCodes } from '../settings-command.ts';
import { startSmall } from './young-generation.ts';

/** `spot-expander serve`: runs until SIGTERM or SIGINT, then drains. */
export function serveCommand(context: CommandContext): Command {
  return withServeSettings(new Command('serve'))
    .description('answer the cluster-autoscaler (gRPC) and our own API (gRPC and HTTP)')
    .action(async (options: Record<string, unknown>) => {
      const { config, demo } = readServeSettings(options, context);
      startSmall();
      const { serve } = await import('./serve.ts');
      await serve(config, context, demo);
    });
}

export function withServeSettings(command: Command): Command {
  return withExitCodes(
    addSettingFlags(addSettingFlags(command, serveStartSettings), serveSettings),
    '0 stopped when told to, 1 failed, 2 used wrongly',
  );
}

/** @throws UsageError that names every mistake in flags, environment and file. */
export function readServeSettings(
  options: Readonly<Record<string, unknown>>,
  context: CommandContext,
): { readonly config: ServeConfig; readonly demo: boolean; readonly explicit: ReadonlyMap<string, string> } {
  const start = readSettings({ table: serveStartSettings }, options, context);
  const inputs = {
    flags: settingFlags(serveSettings, options),
    environment: context.environment,
    configFile: start.config,
    prod: start.prod,
  };
  return { config: serveConfig(inputs), demo: start.demo, explicit: explicitServeSettings(inputs) };
}
