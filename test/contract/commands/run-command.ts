import { Command, CommanderError } from 'commander';
import { UsageError } from '../../../src/errors/usage-error.ts';
import type { CommandContext } from '../../../src/processes/command-context.ts';
import { evaluateCommand } from '../../../src/processes/ask/evaluate.ts';
import { explainCommand } from '../../../src/processes/ask/explain.ts';
import { rankCommand } from '../../../src/processes/ask/rank.ts';
import { commandContext } from './command-context.ts';

export interface CommandRun {
  readonly out: string;
  readonly error: string;
  readonly exitCode: number;
}

/** Runs a command of those that ask for a decision in this process, with errors turned into exit codes as the program does. */
export function runCommand(
  home: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandRun> {
  return runWith([rankCommand, evaluateCommand, explainCommand], home, args, environment);
}

/** The same for any commands. */
export async function runWith(
  commands: readonly ((context: CommandContext) => Command)[],
  home: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandRun> {
  const context = commandContext(home, environment);
  const program = quiet(new Command('spot-expander'), context.writeError);
  for (const command of commands) program.addCommand(quiet(command(context), context.writeError));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    return { out: context.out(), error: context.error() + String(error), exitCode: exitCode(error) };
  }
  return { out: context.out(), error: context.error(), exitCode: context.exitCode() };
}

function quiet(command: Command, writeErr: CommandContext['writeError']): Command {
  return command.exitOverride().configureOutput({ writeErr, writeOut: writeErr });
}

function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof UsageError ? 2 : 1;
}
