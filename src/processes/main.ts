#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { didYouMean } from '../errors/nearest-names.ts';
import { commands, type CommandFactory } from './commands.ts';
import { processContext, runProgram } from './command-line.ts';
import { version } from './version.ts';

const all: Readonly<Record<string, () => Promise<CommandFactory>>> = {
  ...commands,
  completion: async () => {
    const { completionCommand } = await import('./completion.ts');
    return (context) => completionCommand(context, commands);
  },
};

const oldestNode = 24;

async function main(args: readonly string[]): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    process.stderr.write(
      `spot-expander needs Node ${oldestNode} or later and this is ${process.version}; "npx spot-expander" in its checkout, and npm scripts, run on the right one\n`,
    );
    process.exitCode = 2;
    return;
  }
  // As built, the agent is one file without the modules that it does not use: 8 MB less on every node.
  const bundledAgent = new URL('../agent.js', import.meta.url);
  if (args[0] === 'agent' && existsSync(bundledAgent)) {
    await import(bundledAgent.href);
    return;
  }
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

await main(process.argv.slice(2));
