import { Command } from 'commander';
import { decisionSettings } from '../../config/serve-settings.ts';
import { addSettingFlags } from '../../config/setting.ts';
import { addServerFlags, asUsage, openedAdvisor } from './advisor-access.ts';
import type { CommandContext } from '../command-context.ts';
import { localAdvisor, type LocalAdvisor } from './local-advisor.ts';
import { readableEvaluation } from '../../api/readable.ts';

/** `spot-expander evaluate`: STAY, SWITCH, DRAIN or EVACUATE for one instance; nothing is changed. */
export function evaluateCommand(context: CommandContext, openLocal: LocalAdvisor = localAdvisor): Command {
  return addSettingFlags(addServerFlags(new Command('evaluate')), decisionSettings)
    .description('decide for one running Spot instance: STAY, SWITCH, DRAIN or EVACUATE')
    .argument('<pool>', 'TYPE@ZONE of the instance, for example c5.large@ap-south-1a')
    .option('--signal <name>', 'what AWS told of the instance: NONE, REBALANCE or TERMINATION', 'NONE')
    .option('--signal-time <time>', 'when, in RFC 3339')
    .option('--instance-id <id>', 'for the log and the answer')
    .option('--config <file>', 'configuration file (YAML), as for serve')
    .option('--json', 'the answer of the API as JSON')
    .addHelpText('after', '\nExit codes: 0 decided, whatever the decision; 1 failed; 2 used wrongly.')
    .action(async (pool: string, options: Readonly<Record<string, unknown>>) => {
      const { signal, signalTime, instanceId, region } = options;
      const request = {
        pool,
        aws_signal: signal,
        ...(signalTime === undefined ? {} : { signal_time: signalTime }),
        ...(instanceId === undefined ? {} : { instance_id: instanceId }),
        ...(region === undefined ? {} : { region }),
      };
      const opened = await openedAdvisor(options, context, openLocal);
      try {
        const answer = await asUsage(opened.advisor.evaluate(request));
        for (const note of opened.notes) context.writeError(`${note}\n`);
        context.writeOut(
          options['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : readableEvaluation(answer),
        );
      } finally {
        await opened.close();
      }
    });
}
