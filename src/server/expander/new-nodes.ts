import { capacityTypeOf, groupNameOf, instanceTypeOf, regionOf, zoneOf } from '../../decision/node-labels.ts';
import type { Pool } from '../../decision/pool.ts';
import type { NodeView } from '../../drain/observed.ts';
import type { NodeFeed } from '../../ports/node-feed.ts';

/** The same feed, and a call for every node that joined after the first listing: a chosen node group delivered. */
export function feedWithNewNodes(
  feed: NodeFeed,
  onNewNode: (pool: Pool, groupName: string | undefined) => void,
): NodeFeed {
  return {
    lastHeardMs: feed.lastHeardMs,
    run: (listener, signal) => {
      let known: Set<string> | undefined;
      const seen = (node: NodeView) => {
        if (known === undefined || known.has(node.uid)) return;
        known.add(node.uid);
        const pool = poolOf(node);
        if (pool !== undefined) onNewNode(pool, groupNameOf(node.labels));
      };
      return feed.run(
        {
          listed: (nodes) => {
            nodes.forEach(seen);
            known = new Set(nodes.map(({ uid }) => uid));
            listener.listed(nodes);
          },
          changed: (node) => {
            seen(node);
            listener.changed(node);
          },
          gone: (node) => {
            known?.delete(node.uid);
            listener.gone(node);
          },
        },
        signal,
      );
    },
  };
}

function poolOf({ labels }: NodeView): Pool | undefined {
  const instanceType = instanceTypeOf(labels);
  const zone = zoneOf(labels);
  if (instanceType === undefined || zone === undefined) return undefined;
  return { instanceType, zone, region: regionOf(labels, zone), capacityType: capacityTypeOf(labels) };
}
