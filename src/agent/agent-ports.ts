import type { InstanceIdentity, InstanceMetadata } from '../ports/instance-metadata.ts';
import type { DrainSlots, NodeCluster } from '../ports/node-cluster.ts';
import type { Webhook } from '../ports/webhook.ts';
import type { DrainPolicy } from '../drain/drain-policy.ts';
import type { AgentMetrics } from './agent-metrics.ts';
import type { Log } from '../telemetry/log.ts';

/** Everything that the agent of one node lives on. */
export interface AgentPorts {
  readonly metadata: InstanceMetadata;
  readonly cluster: NodeCluster;
  readonly slots: (identity: InstanceIdentity) => DrainSlots;
  readonly webhook: Webhook | undefined;
  readonly nowMs: () => number;
  /** 0 ≤ chance < 1. */
  readonly chance: () => number;
  readonly log: Log;
  readonly metrics: AgentMetrics;
}

export interface AgentOptions {
  readonly nodeName: string;
  readonly policy: DrainPolicy;
  readonly pollMs: number;
  /** Scheduled events are weeks ahead and are read less often. */
  readonly maintenancePollMs: number;
  readonly dryRun: boolean;
  readonly ownPod: { readonly namespace: string; readonly name: string } | undefined;
  /** How often a held drain place is renewed. */
  readonly slotRenewMs: number;
  /** Evictions in flight at once. */
  readonly concurrency: number;
  /** How long an evacuation may go on after SIGTERM. */
  readonly shutdownGraceMs: number;
}
