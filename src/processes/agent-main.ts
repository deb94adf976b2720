import './small-memory.ts';
import { Command, CommanderError } from 'commander';
import { processEnvironment } from '../config/environment.ts';
import { UsageError } from '../errors/usage-error.ts';
import { agentCommand } from './agent.ts';
import type { CommandContext } from './command-context.ts';

/* The agent alone, bundled into one file for the DaemonSet: it loads nothing of the server. */

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));

const context: CommandContext = {
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  environment: processEnvironment(),
  signal: stop.signal,
  setExitCode: (code) => (process.exitCode = code),
};

try {
  const program = new Command('spot-expander').exitOverride().addCommand(agentCommand(context));
  await program.parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  const isUsage = error instanceof UsageError;
  if (!(error instanceof CommanderError))
    context.writeError(`spot-expander: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : isUsage ? 2 : 1;
}
