import type { NodeChange } from '../../drain/steps.ts';

/** A merge patch replaces whole lists: `resourceVersion` makes the write fail when somebody else has written since. */
export function nodePatch(change: NodeChange): unknown {
  return {
    metadata: {
      resourceVersion: change.resourceVersion,
      ...(Object.keys(change.annotations).length > 0 && { annotations: change.annotations }),
      ...(Object.keys(change.labels).length > 0 && { labels: change.labels }),
    },
    spec: {
      ...(change.taints !== undefined && { taints: change.taints.length === 0 ? null : change.taints }),
      ...(change.unschedulable !== undefined && { unschedulable: change.unschedulable ? true : null }),
    },
  };
}
