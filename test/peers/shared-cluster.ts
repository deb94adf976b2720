import type { Cluster } from '../../scripts/cluster/control-plane.ts';
import { startedCluster } from '../../scripts/cluster/control-plane.ts';

let shared: Cluster | undefined;

/** From now on every suite of this process that wants a control plane gets this one, and leaves it running. */
export function shareCluster(cluster: Cluster | undefined): void {
  shared = cluster;
}

/** The shared control plane, or one of one's own. */
export async function someCluster(): Promise<Cluster> {
  if (shared === undefined) return startedCluster();
  return { ...shared, stop: () => Promise.resolve() };
}
