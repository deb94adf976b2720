import { Command, InvalidArgumentError } from 'commander';
import { addServerFlags, asUsage, openRemoteAdvisor, serverSettingsOf } from './advisor-access.ts';
import type { CommandContext } from '../command-context.ts';
import { readableDecision, readableOverview } from '../../api/readable.ts';

const defaultServer = 'localhost:9443';

/** `spot-expander explain`: asks a running server how its last answers came about. */
export function explainCommand(context: CommandContext): Command {
  return addServerFlags(new Command('explain'))
    .description(`tell how recent answers of a server came about (default server: ${defaultServer})`)
    .argument('[decision-id]', 'one decision; without it the last ones')
    .option('--last <n>', 'how many of the last decisions, 1 to 100', wholeNumber, 1)
    .option('--json', 'the answer of the API as JSON')
    .action(async (decisionId: string | undefined, options: Record<string, unknown>) => {
      const settings = serverSettingsOf(options, context);
      const opened = await openRemoteAdvisor(settings.server ?? defaultServer, settings, context);
      try {
        const last = Number(options['last']);
        const isJson = options['json'] === true;
        const request =
          decisionId === undefined
            ? { last, without_candidates: last > 1 && !isJson }
            : { decision_id: decisionId };
        const answer = await asUsage(opened.advisor.explain(request));
        if (isJson) context.writeOut(`${JSON.stringify(answer, null, 2)}\n`);
        else if (answer.decisions.length === 0) context.writeOut('no decision has been made yet\n');
        else if (answer.decisions.length === 1)
          context.writeOut(answer.decisions.map(readableDecision).join(''));
        else context.writeOut(readableOverview(answer.decisions));
      } finally {
        await opened.close();
      }
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text) || Number(text) > 100)
    throw new InvalidArgumentError('must be a whole number from 1 to 100.');
  return Number(text);
}
