/** Certificate files that cannot be served: unreadable, no PEM, or a key that belongs to another certificate. */
export class CertificateRefused extends Error {
  override readonly name = 'CertificateRefused';
}
