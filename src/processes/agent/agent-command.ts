import { Command } from 'commander';
import { agentConfig, type AgentConfig } from '../../config/agent-config.ts';
import { agentSettings } from '../../config/agent-settings.ts';
import { addSettingFlags, settingFlags } from '../../config/setting-flags.ts';
import { flag } from '../../config/setting.ts';
import { yesOrNo } from '../../config/value-types.ts';
import { configFileSettings, settingsFile } from '../../config/settings-file.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withExitCodes } from '../settings-command.ts';
import type { AgentOrder } from './agent-order.ts';

const doctorSettings = {
  json: flag(yesOrNo, 'false', '', 'JSON instead of lines'),
} as const;

/** `spot-expander agent` and `spot-expander agent doctor`. */
export function agentCommand(context: CommandContext): Command {
  return agentCommandLine(context, async (order) => {
    const { carryOut } = await import('./carry-out.ts');
    await carryOut(order, context);
  });
}

/** The same for whoever carries out the order elsewhere: here nothing of the agent is loaded but what reads its settings. */
export function agentCommandLine(
  context: CommandContext,
  give: (order: AgentOrder) => Promise<void>,
): Command {
  const command = (name: string, exitCodes: string) =>
    withExitCodes(
      addSettingFlags(addSettingFlags(new Command(name), configFileSettings), agentSettings),
      exitCodes,
    );
  const doctorCommand = addSettingFlags(
    command('doctor', '0 all is well, 1 something is broken, 2 used wrongly'),
    doctorSettings,
  )
    .description('check the metadata service, the Node and the permissions, and say what is wrong')
    .action(async (_options: unknown, self: Command) => {
      // Flags before and after the word doctor both count.
      const options = self.optsWithGlobals<Record<string, unknown>>();
      const { json: asJson } = readSettings({ table: doctorSettings }, options, context);
      await give({ kind: 'doctor', config: configFrom(options, context), asJson });
    });
  return command('agent', '0 stopped when told to, 1 failed, 2 used wrongly')
    .description("watch this instance's metadata and drain its Node before AWS takes it")
    .addCommand(doctorCommand)
    .action(async (options: Record<string, unknown>) =>
      give({ kind: 'watch', config: configFrom(options, context) }),
    );
}

function configFrom(options: Readonly<Record<string, unknown>>, context: CommandContext): AgentConfig {
  const { config: configPath } = readSettings({ table: configFileSettings }, options, context);
  const file = configPath === undefined ? undefined : settingsFile(configPath);
  return agentConfig({ flags: settingFlags(agentSettings, options), environment: context.environment, file });
}
