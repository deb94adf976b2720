import type { Resources } from './resources.ts';

/** A `preferredDuringScheduling…` node affinity term: weight 1..100 and what the node's labels must satisfy. */
export interface PreferredNodeTerm {
  readonly weight: number;
  readonly requirements: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** A `ScheduleAnyway` topology spread constraint. */
export interface SpreadPreference {
  readonly topologyKey: string;
  readonly maxSkew: number;
}

/** One distinct pending pod: what it asks for as the scheduler counts it, and what it would like. */
export interface PendingPod {
  /** The pod's metadata.uid where it is known: capacity memory tells by it whether the same pods still wait. */
  readonly uid?: string;
  /**
   * Whether the autoscaler moves it off a half-used node so that the node can go, or leaves the node to it; absent where
   * that is not known, which counts as staying.
   */
  readonly onScaleDown?: 'moves' | 'stays';
  readonly requests: Resources;
  readonly preferredNodeTerms: readonly PreferredNodeTerm[];
  readonly spreadPreferences: readonly SpreadPreference[];
}

/** What a node of the group would look like. */
export interface NodeTemplate {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `aws:///zone/i-…` on a real node; empty on a template. */
  readonly providerId: string;
  readonly allocatable: Resources;
  readonly capacity: Resources;
}

/** One option of the autoscaler: add `nodeCount` nodes to `nodeGroupId` and these pods will fit. */
export interface ScaleUpOption {
  readonly nodeGroupId: string;
  /** At least 1. */
  readonly nodeCount: number;
  /** Indices into {@link ScaleUpRequest.pods}; a pod that several options hold appears in each. */
  readonly pods: ArrayLike<number>;
}

/** What the autoscaler asked, read once and exact. */
export interface ScaleUpRequest {
  readonly options: readonly ScaleUpOption[];
  /** Each distinct pod once. */
  readonly pods: readonly PendingPod[];
  /** Templates by node group id, for all templated groups, not only for those in `options`. */
  readonly nodes: ReadonlyMap<string, NodeTemplate>;
  /** What could not be read, counted; never fatal. */
  readonly unreadable: { readonly pods: number; readonly nodes: number };
}
