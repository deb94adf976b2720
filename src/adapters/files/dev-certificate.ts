import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-write.ts';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const validForMs = 365 * 86_400_000;
const renewBeforeMs = 7 * 86_400_000;

/**
 * A self-signed certificate for localhost in `directory`, made when there is none or when it is near its end.
 * For development only: the certificate is its own root, so a client trusts it by taking `certFile` as its root pool.
 * @throws when the directory cannot be written.
 */
export async function devCertificateFiles(directory: string, now: Date): Promise<CertificateFiles> {
  const files = { certFile: join(directory, 'localhost.crt'), keyFile: join(directory, 'localhost.key') };
  if (await isUsable(files, now)) return files;
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - 60_000),
    notAfterDate: new Date(now.getTime() + validForMs),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFileAtomically(files.keyFile, made.private, { mode: 0o600 });
  await writeFileAtomically(files.certFile, made.cert);
  return files;
}

async function isUsable(files: CertificateFiles, now: Date): Promise<boolean> {
  try {
    const [certificate] = await Promise.all([
      readFile(files.certFile, 'utf8'),
      readFile(files.keyFile, 'utf8'),
    ]);
    return new X509Certificate(certificate).validToDate.getTime() - renewBeforeMs > now.getTime();
  } catch {
    return false;
  }
}
