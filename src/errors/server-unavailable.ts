/** A server that was asked by its address did not answer. */
export class ServerUnavailable extends Error {
  override readonly name = 'ServerUnavailable';
}
