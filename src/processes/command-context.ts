import type { Paint } from '../api/paint.ts';

/** What a command is given from outside; a test gives its own. */
export interface CommandContext {
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Colours for standard output; none where it is no terminal, or NO_COLOR is set. */
  readonly paint?: Paint;
  /** Standard error where it is a terminal: progress is drawn there. */
  readonly terminal?: NodeJS.WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT or SIGTERM: finish what is open and return. */
  readonly signal: AbortSignal;
  /** 0 = done, 1 = failed, 2 = used wrongly. The process ends with the last code set. */
  readonly setExitCode: (code: 0 | 1 | 2) => void;
}
