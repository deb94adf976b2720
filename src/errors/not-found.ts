/** What was asked for by name is not there (any more). */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}
