import type { InstanceIdentity, InstanceMetadata } from '../ports/instance-metadata.ts';
import type { DrainSlots, NodeCluster } from '../ports/node-cluster.ts';
import type { Webhook } from '../ports/webhook.ts';
import type { DrainPolicy } from '../drain/drain-policy.ts';
import type { AgentClock } from './agent-clock.ts';
import type { AgentTelemetry } from './agent-telemetry.ts';

/** Everything that the agent of one node lives on. */
export interface AgentPorts {
  readonly metadata: InstanceMetadata;
  readonly cluster: NodeCluster;
  readonly slots: (identity: InstanceIdentity) => DrainSlots;
  readonly webhook: Webhook | undefined;
  readonly clock: AgentClock;
  /** The wall's time, for while the metadata service tells none. */
  readonly wallMs: () => number;
  /** 0 ≤ chance < 1. */
  readonly chance: () => number;
  /** A keyed hash of the text: what an agent of this node, and nobody else, can make. */
  readonly seal: (text: string) => string;
  readonly telemetry: AgentTelemetry;
}

export interface AgentOptions {
  readonly nodeName: string;
  /** How a Node proves to be this instance's. `address`: also by its private address and name, where it names no instance. */
  readonly identifyBy: 'provider-id' | 'address';
  readonly policy: DrainPolicy;
  readonly pollMs: number;
  /** Scheduled events are weeks ahead and are read less often. */
  readonly maintenancePollMs: number;
  readonly dryRun: boolean;
  readonly ownPod: { readonly namespace: string; readonly name: string } | undefined;
  /** How often a held drain place is renewed. */
  readonly slotRenewMs: number;
  /** A place that could not be renewed for this long is another's by now. */
  readonly slotLostMs: number;
  /** An Event for each pod that is asked to leave. */
  readonly podEvents?: boolean;
  /** Evictions in flight at once. */
  readonly concurrency: number;
  /** How long an evacuation may go on after it was told to stop. */
  readonly shutdownGraceMs: number;
}
