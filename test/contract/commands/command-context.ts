import { join } from 'node:path';
import type { CommandContext } from '../../../src/processes/command-context.ts';

export interface CapturedContext extends CommandContext {
  readonly out: () => string;
  readonly error: () => string;
  readonly exitCode: () => number;
}

/** A command's outside, captured. Nothing of this machine's own environment gets in; state is kept in `home`. */
export function commandContext(
  home: string,
  environment: Readonly<Record<string, string>> = {},
): CapturedContext {
  const out: string[] = [];
  const error: string[] = [];
  let exitCode = 0;
  return {
    writeOut: (text) => void out.push(text),
    writeError: (text) => void error.push(text),
    environment: { XDG_STATE_HOME: join(home, 'state'), ...environment },
    signal: new AbortController().signal,
    setExitCode: (code) => (exitCode = code),
    out: () => out.join(''),
    error: () => error.join(''),
    exitCode: () => exitCode,
  };
}
