import { styleText } from 'node:util';
import { CommanderError, type Command } from 'commander';
import { processEnvironment } from '../config/environment.ts';
import { CertificateRefused } from '../errors/certificate-refused.ts';
import { UsageError } from '../errors/usage-error.ts';
import { messageOf } from '../errors/message-of.ts';
import type { Tone } from '../api/paint.ts';
import type { CommandContext } from './command-context.ts';

const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  chosen: ['green', 'bold'],
  strong: 'bold',
  faint: 'gray',
  warning: 'yellow',
};

/** This process as commands see it; its signal is SIGINT's and SIGTERM's. */
export function processContext(): CommandContext {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));
  return {
    writeOut: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    // Minds NO_COLOR, FORCE_COLOR, and whether the stream is a terminal.
    paint: (tone, text) => styleText(styles[tone], text, { stream: process.stdout }),
    ...(process.stderr.isTTY && { terminal: process.stderr }),
    environment: processEnvironment(),
    signal: stop.signal,
    setExitCode: (code) => (process.exitCode = code),
  };
}

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
  if (context.signal.aborted && isStop(error, context.signal)) {
    context.writeError(`spot-expander: stopped by ${String(context.signal.reason)}\n`);
    return 1;
  }
  context.writeError(`spot-expander: ${messageOf(error)}\n`);
  return error instanceof UsageError || error instanceof CertificateRefused ? 2 : 1;
}

/** True when work ended because it was told to, whoever wrapped that on the way up. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || isStop(error.cause, signal);
}
