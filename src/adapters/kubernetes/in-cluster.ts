import { readFile } from 'node:fs/promises';
import { UsageError } from '../../errors/usage-error.ts';

/** What Kubernetes mounts into every pod. */
export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InCluster {
  readonly server: string;
  /** PEM of the API server's authority. */
  readonly ca: string;
  readonly namespace: string;
  readonly tokenFile: string;
}

/**
 * The API server as a pod knows it, and the pod's service account.
 * @throws UsageError outside of a cluster, and without a service account.
 */
export async function inCluster(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<InCluster> {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined || host === '')
    throw new UsageError([
      'no cluster: give --kubeconfig FILE, or run in a pod with a service account (KUBERNETES_SERVICE_HOST is not set)',
    ]);
  const ca = await readFile(`${directory}/ca.crt`, 'utf8').catch((error: unknown) => {
    throw new UsageError([`this pod has no service account in ${directory}: ca.crt cannot be read`], {
      cause: error,
    });
  });
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca,
    namespace: (await readFile(`${directory}/namespace`, 'utf8').catch(() => 'default')).trim(),
    tokenFile: `${directory}/token`,
  };
}
