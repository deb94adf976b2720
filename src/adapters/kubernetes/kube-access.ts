import { bearerFile } from './bearer-file.ts';
import { inCluster, serviceAccountDirectory } from './in-cluster.ts';

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

/**
 * A kubeconfig file (or several, as KUBECONFIG may list them), or the pod's own service account when there is none.
 * What reads a kubeconfig takes more memory than the agent may and is loaded only for one.
 * @throws UsageError when neither can be used.
 */
export async function kubeAccess(
  kubeconfig: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  directory = serviceAccountDirectory,
): Promise<KubeAccess> {
  if (kubeconfig !== undefined) {
    const { kubeconfigAccess } = await import('./kubeconfig-access.ts');
    return kubeconfigAccess(kubeconfig, environment);
  }
  const { server, ca, namespace, tokenFile } = await inCluster(environment, directory);
  return {
    server,
    ca,
    clientCertificate: undefined,
    clientKey: undefined,
    serverName: undefined,
    skipVerify: false,
    namespace,
    authorization: bearerFile(tokenFile),
  };
}
