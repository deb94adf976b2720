import { imdsClient } from '../../adapters/imds/imds-client.ts';
import { drainSlots } from '../../adapters/kubernetes/drain-slots.ts';
import { kubeAccess } from '../../adapters/kubernetes/kube-access.ts';
import { kubeClient, type KubeClientOptions } from '../../adapters/kubernetes/kube-client.ts';
import { nodeCluster } from '../../adapters/kubernetes/kube-node-cluster.ts';
import { pacedClient } from '../../adapters/kubernetes/paced-client.ts';
import type { AgentPorts } from '../../agent/agent-ports.ts';
import type { AgentConfig } from '../../config/agent-config.ts';

export type AgentAdapters = Pick<AgentPorts, 'metadata' | 'cluster' | 'slots'> & {
  /** Where the budget's Leases live. */
  readonly namespace: string;
};

export const drainLeaseSeconds = 60;
/** The largest thing that is held whole is the Node; the API server stores none of more than 1.5 MB. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** The agent's ways to the metadata service and the API server. */
export async function agentAdapters(
  { settings, nodeName, policy }: AgentConfig,
  environment: Readonly<Record<string, string | undefined>>,
  {
    nowMs = Date.now,
    onForbidden = () => undefined,
  }: { readonly nowMs?: () => number; readonly onForbidden?: KubeClientOptions['onForbidden'] } = {},
): Promise<AgentAdapters> {
  const access = await kubeAccess(settings.kubeconfig, environment, settings.service_account);
  const client = pacedClient(
    kubeClient(access, {
      timeoutMs: settings.api_timeout,
      maxConnections: settings.eviction_concurrency,
      userAgent: 'spot-expander-agent',
      maxAnswerBytes,
      onForbidden,
    }),
    { perSecond: settings.api_qps, burst: settings.api_burst },
  );
  const namespace = settings.pod_namespace ?? access.namespace;
  return {
    metadata: imdsClient({
      endpoint: settings.imds_endpoint,
      timeoutMs: settings.imds_timeout,
      tokenTtlSeconds: 21_600,
      nowMs: () => performance.now(),
    }),
    cluster: nodeCluster(
      client,
      nodeName,
      (policy.skipPods ?? []).map(({ key }) => key),
      annotationsOf(settings.event_annotations),
    ),
    slots: ({ zone }) =>
      drainSlots(client, {
        namespace,
        holder: nodeName,
        zone,
        total: settings.max_drains,
        perZone: settings.max_drains_per_zone,
        leaseSeconds: drainLeaseSeconds,
        nowMs,
      }),
    namespace,
  };
}

function annotationsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}
