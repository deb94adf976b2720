import type { ClusterApis, ClusterApisOptions } from '../adapters/kubernetes/cluster-apis.ts';

/**
 * The cluster of a kubeconfig, or of the pod. The client is 37 MB, and is loaded when it is needed.
 * @throws UsageError when neither can be used.
 */
export async function openedCluster(
  kubeconfig: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  options: ClusterApisOptions,
): Promise<ClusterApis> {
  const [{ clusterApis }, { clusterConfig }] = await Promise.all([
    import('../adapters/kubernetes/cluster-apis.ts'),
    import('../adapters/kubernetes/kube-config.ts'),
  ]);
  return clusterApis(await clusterConfig(kubeconfig, environment), options);
}
