import { atRiskLabel } from '../../drain/marks.ts';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import type { NodeCluster } from '../../ports/node-cluster.ts';
import type { Kept } from './json-skimmer.ts';
import { refused, type KubeAnswer, type KubeClient } from './kube-client.ts';
import { fieldsOf, listOf, nameOf, rfc3339, textOf, timeOf } from './kube-objects.ts';
import { firstPageSize, skimmedList } from './skimmed-list.ts';

const mergePatch = 'application/merge-patch+json';
const claimsPath = '/apis/karpenter.sh/v1/nodeclaims';
const poolsPath = '/apis/karpenter.sh/v1/nodepools';
const claimParts: Kept = {
  fields: { metadata: { fields: { name: 'scalar' } }, status: { fields: { nodeName: 'scalar' } } },
};

/** What Karpenter is asked about one Node. */
export function nodeClaims(
  client: KubeClient,
  nodeName: string,
): Pick<NodeCluster, 'handOver' | 'putAtRisk' | 'endRisk'> {
  async function claimOfNode(signal: AbortSignal): Promise<string | undefined> {
    const read = (claim: unknown) =>
      textOf(fieldsOf(fieldsOf(claim)['status'])['nodeName']) === nodeName ? nameOf(claim) : undefined;
    try {
      const size = firstPageSize();
      const [name] = await skimmedList(client, claimsPath, claimParts, read, { size, most: 1 }, signal);
      return name;
    } catch (error) {
      if (error instanceof ClusterUnavailable && error.status !== undefined) return undefined;
      throw error;
    }
  }

  async function labelledClaim(
    nodeClaim: string,
    value: string | null,
    signal: AbortSignal,
  ): Promise<'done' | 'denied'> {
    const name = nodeClaim === '' ? await claimOfNode(signal) : nodeClaim;
    if (name === undefined) return 'denied';
    const path = `${claimsPath}/${encodeURIComponent(name)}`;
    const body = { metadata: { labels: { [atRiskLabel]: value } } };
    const answer = await client.call({ method: 'PATCH', path, contentType: mergePatch, body }, signal);
    if (isDenied(answer)) return 'denied';
    if (answer.status >= 300) throw refused(`PATCH ${path}`, answer);
    return 'done';
  }

  return {
    async handOver(nodeClaim, terminateAtMs, signal) {
      const name = nodeClaim === '' ? await claimOfNode(signal) : nodeClaim;
      if (name === undefined) return 'denied';
      const path = `${claimsPath}/${encodeURIComponent(name)}`;
      const stamp = { 'karpenter.sh/nodeclaim-termination-timestamp': rfc3339(terminateAtMs) };
      const stamped = await client.call(
        { method: 'PATCH', path, contentType: mergePatch, body: { metadata: { annotations: stamp } } },
        signal,
      );
      if (isDenied(stamped)) return 'denied';
      if (stamped.status >= 300) throw refused(`PATCH ${path}`, stamped);
      if (timeOf(fieldsOf(fieldsOf(stamped.body)['metadata'])['deletionTimestamp']) !== undefined)
        return 'accepted';
      const deleted = await client.call({ method: 'DELETE', path }, signal);
      if (isDenied(deleted)) return 'denied';
      if (deleted.status >= 300) throw refused(`DELETE ${path}`, deleted);
      return 'accepted';
    },

    async putAtRisk(nodeClaim, nodePool, signal) {
      const poolPath = `${poolsPath}/${encodeURIComponent(nodePool)}`;
      const pool = await client.call({ method: 'GET', path: poolPath }, signal);
      if (isDenied(pool) || (pool.status === 200 && !hasOptedIn(pool.body))) return 'denied';
      if (pool.status !== 200) throw refused(`GET ${poolPath}`, pool);
      const answer = await labelledClaim(nodeClaim, 'rebalance', signal);
      return answer === 'denied' ? 'denied' : 'accepted';
    },

    async endRisk(nodeClaim, signal) {
      await labelledClaim(nodeClaim, null, signal);
    },
  };
}

/** Karpenter drifts a NodeClaim whose labels its NodePool's requirements no longer allow. */
function hasOptedIn(nodePool: unknown): boolean {
  const template = fieldsOf(fieldsOf(fieldsOf(nodePool)['spec'])['template']);
  return listOf(fieldsOf(template['spec'])['requirements']).some(
    (one) => one['key'] === atRiskLabel && one['operator'] === 'DoesNotExist',
  );
}

function isDenied({ status }: KubeAnswer): boolean {
  return status === 403 || status === 404;
}
