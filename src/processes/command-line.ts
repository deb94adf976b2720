import { CommanderError, type Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { reportFailure } from './report-failure.ts';

/** Runs a program to its end and sets the exit code: 0 done, 1 failed, 2 used wrongly. Never throws. */
export async function runProgram(
  program: Command,
  args: readonly string[],
  context: CommandContext,
): Promise<void> {
  exitsByThrowing(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    context.setExitCode(exitCode(error, context));
  }
}

/** Commander copies exitOverride only to commands that it creates itself. */
function exitsByThrowing(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitsByThrowing(child);
}

function exitCode(error: unknown, context: CommandContext): 0 | 1 | 2 {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return reportFailure(error, context);
}
