/** The operator asked for something that cannot be done as asked: the message says what to change. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Each mistake as a sentence, with where it stands. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[], options?: ErrorOptions) {
    super(
      mistakes.length === 1 ? mistakes[0] : `${mistakes.length} mistakes:\n- ${mistakes.join('\n- ')}`,
      options,
    );
    this.mistakes = mistakes;
  }
}
