import { bearerFile } from './bearer-file.ts';
import { inCluster, serviceAccountDirectory } from './in-cluster.ts';
import type { KubeAccess } from './kube-credentials.ts';

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
