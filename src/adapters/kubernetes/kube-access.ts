import { readFile, stat } from 'node:fs/promises';
import { UsageError } from '../../errors/usage-error.ts';
import { execCredential } from './exec-credential.ts';
import { kubeconfigEntry } from './kubeconfig.ts';

/** Where the API server is and how we prove who we are. */
export interface KubeAccess {
  readonly server: string;
  readonly ca: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
  readonly namespace: string;
  /** `Bearer …` as it is now; `fresh` after a 401. */
  readonly authorization: (fresh: boolean) => Promise<string | undefined>;
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * A kubeconfig file (or several, as KUBECONFIG may list them), or the pod's own service account when there is none.
 * @throws UsageError when neither can be used.
 */
export async function kubeAccess(
  kubeconfig: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  directory = serviceAccountDirectory,
): Promise<KubeAccess> {
  return kubeconfig === undefined
    ? inClusterAccess(environment, directory)
    : kubeconfigAccess(kubeconfig, environment);
}

async function inClusterAccess(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<KubeAccess> {
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
    clientCertificate: undefined,
    clientKey: undefined,
    serverName: undefined,
    skipVerify: false,
    namespace: (await readFile(`${directory}/namespace`, 'utf8').catch(() => 'default')).trim(),
    authorization: bearerFrom(`${directory}/token`),
  };
}

async function kubeconfigAccess(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KubeAccess> {
  const { cluster, user, namespace } = await kubeconfigEntry(path);
  const base = {
    server: cluster.server,
    ca: cluster.ca,
    clientCertificate: user.clientCertificate,
    clientKey: user.clientKey,
    serverName: cluster.serverName,
    skipVerify: cluster.skipVerify,
    namespace,
  };
  if (user.exec !== undefined) return { ...base, authorization: execCredential(user.exec, environment) };
  if (user.tokenFile !== undefined) return { ...base, authorization: bearerFrom(user.tokenFile) };
  const header = user.token === undefined ? undefined : `Bearer ${user.token}`;
  return { ...base, authorization: () => Promise.resolve(header) };
}

/** A mounted token is replaced while we run: it is read again when its file has changed, and always after a 401. */
function bearerFrom(path: string): KubeAccess['authorization'] {
  let known: { readonly header: string; readonly changedMs: number } | undefined;
  return async (fresh) => {
    const changedMs = (await stat(path)).mtimeMs;
    if (known === undefined || fresh || known.changedMs !== changedMs)
      known = { header: `Bearer ${(await readFile(path, 'utf8')).trim()}`, changedMs };
    return known.header;
  };
}
