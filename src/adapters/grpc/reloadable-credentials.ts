import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';

/**
 * Server credentials whose certificate can be replaced while connections come in. The library's own file watcher takes each file
 * as it changes and drops handshakes while the two do not match; here a pair is replaced whole or not at all.
 */
export class ReloadableCredentials extends ServerCredentials {
  /** `context` must have been proven by `createSecureContext`: the server refuses every connection on a broken one. */
  replace(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}
