import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ClusterCertificates {
  /** What pods find as ca.crt. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Signs service account tokens. */
  readonly accountKeyFile: string;
}

/** An authority of this cluster's own and the API server's certificate under it, for the addresses it is called by. */
export async function clusterCertificates(
  directory: string,
  addresses: readonly string[],
): Promise<ClusterCertificates> {
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory, timeout: 30_000 });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('genrsa', '-out', 'service-account.key', '2048');
  await openssl(
    ...['req', '-x509', ...key, '-days', '2', '-subj', '/CN=simulated-cluster-ca'],
    ...['-keyout', 'ca.key', '-out', 'ca.crt'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
  await openssl(
    ...['req', ...key, '-subj', '/CN=kube-apiserver', '-keyout', 'server.key', '-out', 'server.csr'],
  );
  const names = [
    ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
      (name) => `DNS:${name}`,
    ),
    ...addresses.map((address) => `IP:${address}`),
  ];
  await writeFile(
    file('server.ext'),
    `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n`,
  );
  await openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-out', 'server.crt', '-extfile', 'server.ext'],
  );
  return {
    caFile: file('ca.crt'),
    certFile: file('server.crt'),
    keyFile: file('server.key'),
    accountKeyFile: file('service-account.key'),
  };
}
