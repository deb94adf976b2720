import { Command } from 'commander';
import { readableDecision, readableOverview } from '../../api/readable.ts';
import { addSettingFlags } from '../../config/setting-flags.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { asUsage, openRemoteAdvisor, serverSettingsOf } from './advisor-access.ts';
import { explainSettings, serverSettings } from './ask-settings.ts';

const defaultServer = 'localhost:9443';

/** `spot-expander explain`: asks a running server how its last answers came about. */
export function explainCommand(context: CommandContext): Command {
  return addSettingFlags(withSettings(new Command('explain'), { table: explainSettings }), serverSettings)
    .description(`tell how recent answers of a server came about (default server: ${defaultServer})`)
    .argument('[decision-id]', 'one decision; without it the last ones')
    .action(async (decisionId: string | undefined, options: Readonly<Record<string, unknown>>) => {
      const { last, json } = readSettings({ table: explainSettings }, options, context);
      const settings = serverSettingsOf(options, context);
      const opened = await openRemoteAdvisor(settings.server ?? defaultServer, settings, context);
      try {
        const request =
          decisionId === undefined
            ? { last, without_candidates: last > 1 && !json }
            : { decision_id: decisionId };
        const answer = await asUsage(opened.advisor.explain(request));
        if (json) context.writeOut(`${JSON.stringify(answer, null, 2)}\n`);
        else if (answer.decisions.length === 0) context.writeOut('no decision has been made yet\n');
        else if (answer.decisions.length === 1)
          context.writeOut(answer.decisions.map((one) => readableDecision(one, context.paint)).join(''));
        else context.writeOut(readableOverview(answer.decisions));
      } finally {
        await opened.close();
      }
    });
}
