import type { PodView, Taint } from './observed.ts';

/** One write to our Node, to be refused by the API server when the Node has changed since it was read. */
export interface NodeChange {
  readonly resourceVersion: string;
  /** null removes. */
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string | null>>;
  /** The whole list as it shall be; undefined leaves it. */
  readonly taints: readonly Taint[] | undefined;
  readonly unschedulable: boolean | undefined;
}

export type EventReason =
  | 'SpotTermination'
  | 'SpotRebalance'
  | 'ScheduledMaintenance'
  | 'SpotNodeDrained'
  | 'SpotDeadlineOverride'
  | 'SpotSignalReverted';

export type Step =
  | {
      readonly kind: 'change-node';
      readonly why: 'mark' | 'out-of-service' | 'revert';
      readonly change: NodeChange;
    }
  | {
      readonly kind: 'set-condition';
      readonly status: 'True' | 'False';
      readonly reason: string;
      readonly message: string;
    }
  | {
      readonly kind: 'tell';
      /** Told once per id: an Event, and the webhook where one is set. */
      readonly id: string;
      readonly reason: EventReason;
      readonly message: string;
    }
  | { readonly kind: 'list-pods' }
  /** Whether there is any load balancer that the node must be taken out of before its pods leave. */
  | { readonly kind: 'look-for-load-balancers' }
  | { readonly kind: 'acquire-slot' }
  | { readonly kind: 'release-slot' }
  /** Gives the place back and comes again at the end of the queue. */
  | { readonly kind: 'queue-again' }
  | { readonly kind: 'evict'; readonly pod: PodView; readonly graceSeconds: number | undefined }
  | {
      readonly kind: 'delete';
      readonly pod: PodView;
      readonly graceSeconds: number;
      /** `blocked`: overrules a PDB near the deadline; `shorten`: a grace period that outlives the instance. */
      readonly why: 'blocked' | 'shorten';
    }
  | { readonly kind: 'hand-over'; readonly nodeClaim: string; readonly terminateAtMs: number }
  /** Has Karpenter replace the node where its NodePool opted in. */
  | { readonly kind: 'put-at-risk'; readonly nodeClaim: string; readonly nodePool: string }
  | { readonly kind: 'end-risk'; readonly nodeClaim: string };

export interface Plan {
  readonly decision: 'NONE' | 'DRAIN' | 'EVACUATE';
  /** In order; neighbouring evictions and deletions may run side by side. */
  readonly steps: readonly Step[];
  /** Plan again then at the latest, even if nothing is heard before; undefined: only a notice or a change matters. */
  readonly wakeAtMs: number | undefined;
  readonly deadlineMs: number | undefined;
  /** Pods that shall leave and are still there; undefined until pods have been listed. */
  readonly remaining: number | undefined;
}
