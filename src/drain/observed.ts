import type { InstanceAddress } from './instance-address.ts';

/** A taint as the API server gave it: a write must send every other taint back as it was. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

/** What the agent sees of its own Node. */
export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly providerId: string;
  readonly createdAtMs: number;
  readonly unschedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Changes with every boot of the machine; empty until the kubelet has reported. */
  readonly bootId: string;
  /** Our own condition, if the node has it. */
  readonly condition: { readonly status: string; readonly reason: string } | undefined;
  /** Name of the Karpenter NodeClaim that owns the node; empty when only a label says that it is Karpenter's. */
  readonly nodeClaim: string | undefined;
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

/** What the agent sees of a pod on its node. */
export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string;
  readonly phase: string;
  readonly priority: number;
  readonly graceMs: number;
  /** When the grace period of a terminating pod ends; undefined while it is not terminating. */
  readonly deletionEndsAtMs: number | undefined;
  /** Kind of the controlling owner; undefined for a standalone pod. */
  readonly controllerKind: string | undefined;
  readonly isMirror: boolean;
  readonly hasEmptyDir: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export type EvictionResult = 'evicted' | 'gone' | 'blocked' | 'misconfigured' | 'refused' | 'failed';

/** What has been asked of one pod, by its uid; kept by whoever runs the steps. */
export interface Attempt {
  readonly firstAtMs: number;
  readonly result: EvictionResult;
  /** Not asked again before this time. */
  readonly nextAtMs: number;
  /** How often in a row a disruption budget has refused; absent: not. */
  readonly refusals?: number;
}

/** The cluster-wide drain budget as this node stands to it. */
export type DrainSlot = 'not-asked' | 'waiting' | 'held';

/** What became of handing the node to Karpenter. */
export type HandOver = 'not-asked' | 'accepted' | 'denied';

/**
 * Whether a load balancer can know this node: it does by its Services only, of type LoadBalancer or NodePort, whose ports every
 * node opens. `unknown`: that could not be read, and is taken for `some`.
 */
export type LoadBalancers = 'not-asked' | 'none' | 'some' | 'unknown';

/** Everything that a plan may look at. */
export interface Observed {
  /** Of the instance that the agent runs on, from the metadata service. */
  readonly instanceId: string;
  /** Given where a Node without an instance id may be known by its address. */
  readonly instanceAddress?: InstanceAddress | undefined;
  readonly node: NodeView;
  /** Undefined until they have been listed: marking does not wait for them. */
  readonly pods: readonly PodView[] | undefined;
  readonly terminatingNamespaces: ReadonlySet<string>;
  readonly ownPod: { readonly namespace: string; readonly name: string } | undefined;
  readonly attempts: ReadonlyMap<string, Attempt>;
  readonly slot: DrainSlot;
  /** Since when no pod has left while the place is held; undefined: not held, or just taken. */
  readonly placeIdleSinceMs?: number | undefined;
  readonly handOver: HandOver;
  readonly loadBalancers: LoadBalancers;
}
