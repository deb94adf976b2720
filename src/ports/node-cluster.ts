import type { EvictionResult, NodeView, PodView } from '../drain/observed.ts';
import type { NodeChange } from '../drain/steps.ts';

export interface EvictionAnswer {
  readonly result: EvictionResult;
  /** What the API server asked to wait before the next attempt. */
  readonly retryAfterMs: number | undefined;
  /** Its own words, for the log. */
  readonly message: string;
}

export interface NodeEvent {
  /** The same id makes the same Event: a second one is `known`. */
  readonly id: string;
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
  readonly atMs: number;
  /** What it is about where that is a pod of the node; absent: the Node. */
  readonly pod?: Pick<PodView, 'namespace' | 'name' | 'uid'>;
}

export interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/**
 * The cluster as the agent of one node may touch it: its own Node, the pods on it, and what tells others of it.
 * Everything throws ClusterUnavailable when the API server is away or refuses; expected outcomes are return values.
 */
export interface NodeCluster {
  node(signal: AbortSignal): Promise<NodeView | 'gone'>;
  /** Refused with `conflict` when the Node is no longer as it was read. */
  changeNode(change: NodeChange, signal: AbortSignal): Promise<NodeView | 'conflict' | 'gone'>;
  setCondition(
    condition: {
      readonly status: 'True' | 'False';
      readonly reason: string;
      readonly message: string;
      readonly atMs: number;
    },
    signal: AbortSignal,
  ): Promise<void>;
  pods(signal: AbortSignal): Promise<readonly PodView[]>;
  /** Whether there is any Service by which a load balancer could know this node. */
  hasLoadBalancers(signal: AbortSignal): Promise<boolean>;
  terminatingNamespaces(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Never throws on an answer: a failure is a result. */
  evict(pod: PodView, graceSeconds: number | undefined, signal: AbortSignal): Promise<EvictionAnswer>;
  deletePod(pod: PodView, graceSeconds: number, signal: AbortSignal): Promise<EvictionAnswer>;
  tell(event: NodeEvent, node: NodeView, signal: AbortSignal): Promise<'told' | 'known'>;
  handOver(nodeClaim: string, terminateAtMs: number, signal: AbortSignal): Promise<'accepted' | 'denied'>;
  /** `denied`: the NodePool has not opted in, or it may not be asked. */
  putAtRisk(nodeClaim: string, nodePool: string, signal: AbortSignal): Promise<'accepted' | 'denied'>;
  endRisk(nodeClaim: string, signal: AbortSignal): Promise<void>;
  may(permission: Permission, signal: AbortSignal): Promise<boolean>;
}

/** The cluster-wide budget of drains that are not urgent. */
export interface DrainSlots {
  /** Takes or renews a place; false while all are taken. */
  acquire(signal: AbortSignal): Promise<boolean>;
  release(signal: AbortSignal): Promise<void>;
}
