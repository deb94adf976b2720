import { Command } from 'commander';
import { serveConfig } from '../../config/serve-config.ts';
import { serveSettings } from '../../config/serve-settings.ts';
import { addSettingFlags, settingFlags } from '../../config/setting.ts';
import type { CommandContext } from '../command-context.ts';
import { startSmall } from './young-generation.ts';

/** `spot-expander serve`: runs until SIGTERM or SIGINT, then drains. */
export function serveCommand(context: CommandContext): Command {
  return addSettingFlags(new Command('serve'), serveSettings)
    .description('answer the cluster-autoscaler (gRPC) and our own API (gRPC and HTTP)')
    .option('--config <file>', 'configuration file, YAML (SPOT_EXPANDER_CONFIG)')
    .option('--prod', 'PROD mode: needs certificates and a cluster')
    .option('--demo', 'first show how a recorded scale-up of a real cluster-autoscaler is ranked')
    .action(async (options: Record<string, unknown>) => {
      const config = serveConfig({
        flags: settingFlags(serveSettings, options),
        environment: context.environment,
        configFile: typeof options['config'] === 'string' ? options['config'] : undefined,
        prod: options['prod'] === true,
      });
      startSmall();
      const { serve } = await import('./serve.ts');
      await serve(config, context, options['demo'] === true);
    });
}
