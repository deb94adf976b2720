import { Command } from 'commander';
import { readableEvaluation } from '../../api/readable.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import { addSettingFlags } from '../../config/setting-flags.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { asUsage, openedAdvisor } from './advisor-access.ts';
import { askedRegion, evaluateSettings, serverSettings } from './ask-settings.ts';
import { localAdvisor, type LocalAdvisor } from './local-advisor.ts';

/** `spot-expander evaluate`: STAY, SWITCH, DRAIN or EVACUATE for one instance; nothing is changed. */
export function evaluateCommand(context: CommandContext, openLocal: LocalAdvisor = localAdvisor): Command {
  const command = withSettings(
    new Command('evaluate'),
    { table: evaluateSettings },
    '0 decided, whatever the decision; 1 failed; 2 used wrongly',
  );
  return addSettingFlags(addSettingFlags(command, serverSettings), decisionSettings)
    .description('decide for one running Spot instance: STAY, SWITCH, DRAIN or EVACUATE')
    .argument('<pool>', 'TYPE@ZONE of the instance, for example c5.large@ap-south-1a')
    .action(async (pool: string, options: Readonly<Record<string, unknown>>) => {
      const settings = readSettings({ table: evaluateSettings }, options, context);
      const { region } = readSettings({ table: askedRegion }, options, context);
      const request = {
        pool,
        aws_signal: settings.signal,
        ...(settings.signal_time === undefined
          ? {}
          : { signal_time: new Date(settings.signal_time).toISOString() }),
        ...(settings.instance_id === undefined ? {} : { instance_id: settings.instance_id }),
        ...(region === undefined ? {} : { region }),
      };
      const opened = await openedAdvisor(options, context, openLocal);
      try {
        const answer = await asUsage(opened.advisor.evaluate(request));
        for (const note of opened.notes) context.writeError(`${note}\n`);
        context.writeOut(
          settings.json ? `${JSON.stringify(answer, null, 2)}\n` : readableEvaluation(answer, context.paint),
        );
      } finally {
        await opened.close();
      }
    });
}
