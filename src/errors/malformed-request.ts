/** Bytes that are not the message they should be. The message says what is wrong and where. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest';
}
