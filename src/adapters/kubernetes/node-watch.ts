import type { NodeView } from '../../drain/observed.ts';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import { pause, pauseMs, usualJitter } from '../../patience/pace.ts';
import type { NodeFeed, NodeListener } from '../../ports/node-feed.ts';
import { WatchSilent, type ClusterApis, type WatchEvent } from './cluster-apis.ts';
import { fieldsOf, nodeView, textOf } from './kube-objects.ts';
import { nodePages } from './node-pages.ts';

export interface NodeWatchOptions {
  /** A watch on which nothing, not even a bookmark, comes for this long is taken for dead. */
  readonly silentMs: number;
  readonly firstPauseMs: number;
  readonly greatestPauseMs: number;
  /** Of a clock that never goes back. */
  readonly nowMs: () => number;
  /** 0 ≤ chance < 1. */
  readonly chance: () => number;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

export const nodeWatchDefaults = { silentMs: 90_000, firstPauseMs: 500, greatestPauseMs: 30_000 } as const;

/** The API server ends a watch after this; a new one goes on from the last version. */
const watchSeconds = 300;

/**
 * Lists once and then watches; lists again only when the API server has forgotten where we were, or may have: one that was
 * restored from a backup takes a watch from a version that it has not reached again, and says nothing on it.
 */
export function nodeWatch(apis: ClusterApis, options: NodeWatchOptions): NodeFeed {
  let lastHeardMs: number | undefined;
  let failures = 0;
  const heard = () => {
    lastHeardMs = options.nowMs();
    if (failures === 0) return;
    failures = 0;
    options.info({}, 'the node watch goes on');
  };

  async function listed(listener: NodeListener, signal: AbortSignal): Promise<string> {
    const nodes: NodeView[] = [];
    const pages = nodePages(apis, signal);
    let page = await pages.next();
    for (; page.done !== true; page = await pages.next()) nodes.push(...page.value);
    heard();
    listener.listed(nodes);
    return page.value;
  }

  /** @returns the version to go on from; undefined when it has been forgotten and a new list is needed. */
  async function watched(
    version: string,
    listener: NodeListener,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let at: string | undefined = version;
    const forgotten = new AbortController();
    try {
      await apis.watched(
        {
          path: '/api/v1/nodes',
          query: { allowWatchBookmarks: true, timeoutSeconds: watchSeconds, resourceVersion: version },
          silentMs: options.silentMs,
        },
        (event) => {
          if (at === undefined) return;
          heard();
          at = handleWatchLine(event, listener);
          if (at === undefined) forgotten.abort(new ClusterUnavailable('the watch has lost its place'));
        },
        AbortSignal.any([signal, forgotten.signal]),
      );
      return at;
    } catch (error) {
      if (signal.aborted) throw error;
      if (forgotten.signal.aborted) return undefined;
      // The place is not lost with the connection, but after a silence it may be one that the server has never heard of.
      throw new InterruptedWatch(error instanceof WatchSilent ? undefined : at, error);
    }
  }

  const { firstPauseMs, greatestPauseMs } = options;
  const pace = { firstPauseMs, greatestPauseMs, jitter: usualJitter };

  return {
    lastHeardMs: () => lastHeardMs,
    async run(listener, signal) {
      const isOver = () => signal.aborted;
      let version: string | undefined;
      let endedAtOnce = 0;
      while (!isOver()) {
        let askedMs: number | undefined;
        try {
          version ??= await listed(listener, signal);
          const startedMs = options.nowMs();
          version = await watched(version, listener, signal);
          // A server that ends every watch at once must not be asked in a circle.
          endedAtOnce = options.nowMs() - startedMs < 1_000 ? endedAtOnce + 1 : 0;
        } catch (error) {
          if (isOver()) return;
          if (error instanceof InterruptedWatch) version = error.version;
          const cause = error instanceof InterruptedWatch ? error.cause : error;
          if (cause instanceof ClusterUnavailable && cause.status === 410) version = undefined;
          if (cause instanceof ClusterUnavailable) askedMs = cause.retryAfterMs;
          failures += 1;
          if (failures === 1) options.warn({ err: cause }, 'the node watch broke off and is taken up again');
        }
        const failed = Math.max(failures, endedAtOnce) + 1;
        await pause(pauseMs(pace, failed, options.chance(), askedMs), signal);
      }
    },
  };
}

class InterruptedWatch extends Error {
  override readonly name = 'InterruptedWatch';
  /** To go on from; undefined: a new list is needed. */
  readonly version: string | undefined;

  constructor(version: string | undefined, cause: unknown) {
    super('the watch was interrupted', { cause });
    this.version = version;
  }
}

/** @returns the version that the event brings; undefined: the place is forgotten (410) or the event is not to be read. */
function handleWatchLine({ type, object }: WatchEvent, listener: NodeListener): string | undefined {
  const version = textOf(fieldsOf(fieldsOf(object)['metadata'])['resourceVersion']);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      listener.changed(nodeView(object));
      return version;
    case 'DELETED':
      listener.gone(nodeView(object));
      return version;
    case 'BOOKMARK':
      return version;
    default:
      return undefined;
  }
}
