#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { processContext, runProgram } from './command-line.ts';
import { version } from './version.ts';

type CommandFactory = (context: CommandContext) => Command;

/** Each command is its own module, loaded only when it is asked for: an agent does not pay for EC2 and ONNX. */
const commands: Readonly<Record<string, () => Promise<CommandFactory>>> = {
  serve: async () => (await import('./serve/serve-command.ts')).serveCommand,
  rank: async () => (await import('./ask/rank.ts')).rankCommand,
  evaluate: async () => (await import('./ask/evaluate.ts')).evaluateCommand,
  explain: async () => (await import('./ask/explain.ts')).explainCommand,
  agent: async () => (await import('./agent/agent-command.ts')).agentCommand,
  'release-nodes': async () => (await import('./agent/release-nodes-command.ts')).releaseNodesCommand,
  collect: async () => (await import('./offline/collect.ts')).collectCommand,
  train: async () => (await import('./offline/train.ts')).trainCommand,
  backtest: async () => (await import('./offline/backtest.ts')).backtestCommand,
  score: async () => (await import('./offline/score.ts')).scoreCommand,
  simulate: async () => (await import('./offline/simulate.ts')).simulateCommand,
  models: async () => (await import('./offline/models.ts')).modelsCommand,
  'publish-ca': async () => (await import('./serve/publish-ca.ts')).publishCaCommand,
  'import-lightgbm': async () => (await import('./offline/import-lightgbm.ts')).importLightGbmCommand,
  config: async () => (await import('./serve/config-command.ts')).configCommand,
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
  const wanted = Object.hasOwn(commands, named) ? [commands[named]] : Object.values(commands);
  for (const load of wanted) if (load !== undefined) program.addCommand((await load())(context));
  await runProgram(program, args, context);
}

await main(process.argv.slice(2));
