/** What a command is given from outside; a test gives its own. */
export interface CommandContext {
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT or SIGTERM: finish what is open and return. */
  readonly signal: AbortSignal;
  /** 0 = done, 1 = failed, 2 = used wrongly. The process ends with the last code set. */
  readonly setExitCode: (code: 0 | 1 | 2) => void;
}
