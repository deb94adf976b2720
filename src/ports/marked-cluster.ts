import type { NodeView } from '../drain/observed.ts';
import type { NodeChange } from '../drain/steps.ts';

/** A part of the cluster that may not be looked at, or that this cluster does not have. */
export type NotThere = 'denied' | 'absent';

/**
 * The cluster as whoever takes back what agents have set may touch it.
 * Everything throws ClusterUnavailable when the API server is away or refuses; expected outcomes are return values.
 */
export interface MarkedCluster {
  /** Every Node, page by page. */
  nodes(signal: AbortSignal): AsyncIterable<readonly NodeView[]>;
  changeNode(name: string, change: NodeChange, signal: AbortSignal): Promise<'done' | 'conflict' | 'gone'>;
  /** Takes the agent's condition off a Node. */
  removeCondition(name: string, signal: AbortSignal): Promise<'done' | 'gone'>;
  /** Names of the Karpenter NodeClaims that an agent has put at risk. */
  claimsAtRisk(signal: AbortSignal): Promise<readonly string[] | NotThere>;
  endRisk(nodeClaim: string, signal: AbortSignal): Promise<'done' | 'gone'>;
  /** Names of the Leases that are the drain budget's places. */
  drainPlaces(signal: AbortSignal): Promise<readonly string[] | NotThere>;
  removeDrainPlace(name: string, signal: AbortSignal): Promise<'done' | 'gone'>;
  /** Agents that run or have not ended yet, by the name of their pod; of one Helm release or of any. */
  agents(
    release: string | undefined,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<readonly string[] | NotThere>;
}
