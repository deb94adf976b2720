/** Nothing is published there, or not yet; whoever needs it tries again later. */
export class DocumentMissing extends Error {
  override readonly name = 'DocumentMissing';

  constructor(name: string) {
    super(`There is no ${name}.`);
  }
}
