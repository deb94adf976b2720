/** A published document (static intelligence, model card, model) has mistakes; the one in use stays. */
export class DocumentRefused extends Error {
  override readonly name = 'DocumentRefused';
  /** Each mistake as a sentence, with where it stands. */
  readonly mistakes: readonly string[];

  constructor(document: string, mistakes: readonly string[], options?: ErrorOptions) {
    super(`${document} is refused: ${mistakes.join('; ')}`, options);
    this.mistakes = mistakes;
  }
}
