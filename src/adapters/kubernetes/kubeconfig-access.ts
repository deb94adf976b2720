import { bufferFromFileOrString, HttpMethod, RequestContext } from './client-config.ts';
import type { KubeAccess } from './kube-credentials.ts';
import { clusterConfig } from './kube-config.ts';

/**
 * A kubeconfig's cluster and user, for the agent's own small client.
 * @throws UsageError that names the file and what is missing in it.
 */
export async function kubeconfigAccess(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KubeAccess> {
  const { config, cluster, user, namespace, renew } = await clusterConfig(path, environment);
  const text = (file: string | undefined, data: string | undefined) =>
    bufferFromFileOrString(file, data)?.toString('utf8');
  return {
    server: cluster.server,
    ca: text(cluster.caFile, cluster.caData),
    clientCertificate: text(user.certFile, user.certData),
    clientKey: text(user.keyFile, user.keyData),
    serverName: cluster.tlsServerName,
    skipVerify: cluster.skipTLSVerify,
    namespace,
    async authorization(fresh) {
      if (fresh) renew();
      const request = new RequestContext(cluster.server, HttpMethod.GET);
      await config.applySecurityAuthentication(request);
      return request.getHeaders()['Authorization'];
    },
  };
}
