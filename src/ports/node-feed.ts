import type { NodeView } from '../drain/observed.ts';

export interface NodeListener {
  /** All nodes, after each listing: what is not among them has gone. */
  readonly listed: (nodes: readonly NodeView[]) => void;
  readonly changed: (node: NodeView) => void;
  readonly gone: (node: NodeView) => void;
}

/** The cluster's nodes as they are and as they change. */
export interface NodeFeed {
  /** Runs until the signal, whatever the API server does. */
  run(listener: NodeListener, signal: AbortSignal): Promise<void>;
  /** When the API server was last heard of; undefined: never. */
  readonly lastHeardMs: () => number | undefined;
}
