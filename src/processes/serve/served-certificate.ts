import { devCertificateFiles, type CertificateFiles } from '../../adapters/files/dev-certificate.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';

export interface ServedCertificate extends CertificateFiles {
  /** Made by this process for localhost, not the operator's own. */
  readonly isDevelopment: boolean;
}

/**
 * The operator's certificate, or in TEST one for localhost in the state directory.
 * @throws UsageError when the state directory cannot be written.
 */
export async function servedCertificate(config: ServeConfig): Promise<ServedCertificate> {
  const { tls_cert: certFile, tls_key: keyFile } = config;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, isDevelopment: false };
  try {
    return { ...(await devCertificateFiles(config.state_dir, new Date())), isDevelopment: true };
  } catch (cause) {
    const why = messageOf(cause);
    throw new UsageError(
      [
        `no development certificate can be made in ${config.state_dir}: ${why}; give --state-dir, or --tls-cert and --tls-key`,
      ],
      { cause },
    );
  }
}
