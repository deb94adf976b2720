import { Command } from 'commander';
import { didYouMean } from '../errors/nearest-names.ts';
import { runProgram } from './command-line.ts';
import { commands, type CommandFactory } from './commands.ts';
import { processContext } from './process-context.ts';
import { version } from './version.ts';

const all: Readonly<Record<string, () => Promise<CommandFactory>>> = {
  ...commands,
  completion: async () => {
    const { completionCommand } = await import('./completion.ts');
    return (context) => completionCommand(context, commands);
  },
};

/** The program with all of its commands. */
export async function runCommands(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`… | head`) closes the pipe: nothing is left to say.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  const context = processContext();
  const program = new Command('spot-expander')
    .description(
      'Ranks node groups on AWS Spot for the cluster-autoscaler, and drains Spot nodes before they go.',
    )
    .version(version())
    .showSuggestionAfterError()
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 used wrongly.');
  const named = args.find((arg) => !arg.startsWith('-')) ?? '';
  const isKnown = Object.hasOwn(all, named);
  // Told before all that there is would be loaded for a slip of the pen.
  if (!isKnown && named !== '' && named !== 'help') {
    const names = Object.keys(all);
    const near = didYouMean(named, names);
    context.writeError(
      `spot-expander: ${JSON.stringify(named)} is no command${near === '' ? `; there are ${names.join(', ')}` : near}\n`,
    );
    context.setExitCode(2);
    return;
  }
  const wanted = isKnown ? [all[named]] : Object.values(all);
  for (const load of wanted) if (load !== undefined) program.addCommand((await load())(context));
  await runProgram(program, args, context);
}
