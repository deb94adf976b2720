import { styleText } from 'node:util';
import type { Tone } from '../api/paint.ts';
import { processEnvironment } from '../config/environment.ts';
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
