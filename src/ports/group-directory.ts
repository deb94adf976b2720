import type { GroupFacts } from '../decision/knowledge.ts';

/** What the cloud itself says of node groups. */
export interface GroupDirectory {
  /**
   * Facts by node group id (the Auto Scaling group's name) of every group that can be read.
   * @throws SourceUnavailable after its own retries.
   */
  groups(region: string, signal: AbortSignal): Promise<ReadonlyMap<string, GroupFacts>>;
}
