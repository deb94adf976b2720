import { X509Certificate, createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { CertificateRefused } from '../../errors/certificate-refused.ts';
import type { CertificateReport } from '../../ports/grpc-events.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Root certificates for clients of our own API. */
  readonly clientCaFile?: string | undefined;
}

/** A certificate with its key, proven to belong together. */
export interface LoadedCertificate {
  readonly context: SecureContextOptions;
  readonly report: CertificateReport;
  /** Changes with any of the files: a renewed certificate on the old key, a new client root and a new key all count. */
  readonly contentHash: string;
}

/**
 * AES-128 first: the same strength in practice at less work per byte, and what Go's own servers choose.
 * TLS 1.2 suites with forward secrecy and authenticated encryption only.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** @throws CertificateRefused when a file cannot be read or the certificate and the key do not belong together. */
export async function loadedCertificate(files: TlsFiles): Promise<LoadedCertificate> {
  const [cert, key, ca] = await Promise.all([
    contentOf(files.certFile),
    contentOf(files.keyFile),
    files.clientCaFile === undefined ? undefined : contentOf(files.clientCaFile),
  ]);
  const context: SecureContextOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2',
    ciphers,
    honorCipherOrder: true,
  };
  const leaf = parsed(cert, files.certFile);
  try {
    createSecureContext(context);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new CertificateRefused(
      `the certificate ${files.certFile} and the key ${files.keyFile} do not belong together or are no PEM: ${why}`,
      { cause },
    );
  }
  const content = createHash('sha256').update(cert).update(key);
  if (ca !== undefined) content.update(ca);
  return {
    context,
    contentHash: content.digest('hex'),
    report: {
      fingerprint256: leaf.fingerprint256,
      subjectAltName: leaf.subjectAltName ?? '',
      validFromMs: leaf.validFromDate.getTime(),
      validToMs: leaf.validToDate.getTime(),
    },
  };
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new CertificateRefused(`cannot read ${file}: ${why}`, { cause });
  }
}

function parsed(cert: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new CertificateRefused(`${file} holds no certificate: ${why}`, { cause });
  }
}

export interface WatchOptions {
  /** How often the files are read even when the file system tells nothing, as on network mounts. */
  readonly pollMs: number;
  /** How long after a change the files are read. */
  readonly settleMs: number;
}

/**
 * Calls `onLoaded` with every new valid pair and `onRefused` once for every new invalid state, until `close()`.
 * Directories are watched rather than files: mounted secrets are replaced by swapping a symbolic link beside them.
 */
export function watchedCertificate(
  files: TlsFiles,
  current: LoadedCertificate,
  options: WatchOptions,
  onLoaded: (certificate: LoadedCertificate) => void,
  onRefused: (reason: string) => void,
): { close(): void } {
  let served = current.contentHash;
  let servedToMs = current.report.validToMs;
  let suspected = '';
  let refused = '';
  let settling: NodeJS.Timeout | undefined;
  let isClosed = false;

  const read = async (): Promise<void> => {
    try {
      const certificate = await loadedCertificate(files);
      const isNew = certificate.contentHash !== served || refused !== '';
      if (isClosed || !isNew) return;
      mustOutlast(certificate.report, servedToMs, files.certFile);
      suspected = refused = '';
      served = certificate.contentHash;
      servedToMs = certificate.report.validToMs;
      onLoaded(certificate);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      if (isClosed || reason === refused) return;
      // Two files are rarely written at one instant: what is wrong has to be wrong twice.
      const isWrongAgain = reason === suspected;
      suspected = reason;
      if (!isWrongAgain) {
        soon();
        return;
      }
      refused = reason;
      onRefused(reason);
    }
  };
  const soon = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined;
      void read();
    }, options.settleMs).unref();
  };
  const poll = setInterval(soon, options.pollMs);
  poll.unref();
  const watchers = directoriesOf(files).flatMap((directory) => watchedDirectory(directory, soon));
  return {
    close: () => {
      isClosed = true;
      clearTimeout(settling);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** @throws CertificateRefused for a certificate that is over and older than the one it would replace: no client takes it. */
function mustOutlast({ validToMs }: CertificateReport, servedToMs: number, file: string): void {
  if (validToMs > Date.now() || validToMs >= servedToMs) return;
  throw new CertificateRefused(
    `the certificate ${file} has ended on ${new Date(validToMs).toISOString()}, before the one that is served`,
  );
}

function watchedDirectory(directory: string, onChange: () => void): { close(): void }[] {
  try {
    const watcher = watch(directory, { persistent: false }, onChange);
    // A directory that goes away, or a system out of watches: polling goes on.
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}

function directoriesOf(files: TlsFiles): readonly string[] {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((file) => file !== undefined);
  return [...new Set(paths.map(dirname))];
}
