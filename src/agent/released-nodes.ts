import { releasingChange } from '../drain/node-changes.ts';
import type { NodeView } from '../drain/observed.ts';
import { ClusterUnavailable } from '../errors/cluster-unavailable.ts';
import { pause, pauseMs, type Pace } from '../patience/pace.ts';
import type { MarkedCluster } from '../ports/marked-cluster.ts';

export interface ReleaseOptions {
  readonly dryRun: boolean;
  /** Writes in flight at once. */
  readonly concurrency: number;
  /** Of the looks. */
  readonly pace: Pace;
  /** One sentence at a time. */
  readonly progress: (sentence: string) => void;
}

export interface Released {
  readonly nodes: number;
  readonly claims: number;
  readonly places: number;
  /** What may not be taken back, each with why; tried no second time. */
  readonly refused: readonly string[];
}

/** One thing of ours that is to be taken back. */
interface Trace {
  readonly kind: 'nodes' | 'claims' | 'places';
  readonly name: string;
  readonly what: string;
  readonly remove: (signal: AbortSignal) => Promise<'done' | 'again'>;
}

/**
 * Takes back what agents have set, on every Node, NodeClaim and Lease, and looks again until nothing is left: another's
 * write in between, and an API server that is away, only make it look once more. Nothing without a trace of ours is
 * written to. Ends with `signal` by throwing its reason.
 */
export async function releaseNodes(
  cluster: MarkedCluster,
  { dryRun, concurrency, pace, progress }: ReleaseOptions,
  signal: AbortSignal,
): Promise<Released> {
  const done = { nodes: new Set<string>(), claims: new Set<string>(), places: new Set<string>() };
  const refused = new Map<string, string>();
  const took = () => ({
    nodes: done.nodes.size,
    claims: done.claims.size,
    places: done.places.size,
    refused: [...refused.values()],
  });

  async function one(trace: Trace): Promise<void> {
    const key = `${trace.kind}/${trace.name}`;
    if (dryRun) {
      progress(`would take back ${trace.what}`);
      done[trace.kind].add(trace.name);
      return;
    }
    try {
      if ((await trace.remove(signal)) === 'done') done[trace.kind].add(trace.name);
    } catch (error) {
      if (!(error instanceof ClusterUnavailable) || !error.isFinal) throw error;
      refused.set(key, `${trace.what}: ${error.message}`);
    }
  }

  for (let look = 1; ; look += 1) {
    let askedMs: number | undefined;
    signal.throwIfAborted();
    try {
      const found = await tracesIn(cluster, signal);
      if (look === 1) for (const sentence of found.notes) progress(sentence);
      for (const sentence of found.refused) refused.set(sentence, sentence);
      const traces = found.traces.filter(({ kind, name }) => !refused.has(`${kind}/${name}`));
      if (traces.length === 0) return took();
      if (look === 1) progress(`${traces.length} things of the agents' are to be taken back`);
      await inParallel(traces, concurrency, one, (count) =>
        progress(`${count} of ${traces.length} looked after`),
      );
      if (dryRun) return took();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ClusterUnavailable) || error.isFinal) throw error;
      askedMs = error.retryAfterMs;
      progress(`the API server cannot be used, trying on: ${error.message}`);
    }
    await pause(pauseMs(pace, look, Math.random(), askedMs), signal);
  }
}

interface Found {
  readonly traces: readonly Trace[];
  readonly notes: readonly string[];
  readonly refused: readonly string[];
}

async function tracesIn(cluster: MarkedCluster, signal: AbortSignal): Promise<Found> {
  const traces: Trace[] = [];
  for await (const page of cluster.nodes(signal))
    for (const node of page) {
      const trace = traceOf(cluster, node);
      if (trace !== undefined) traces.push(trace);
    }
  const claims = await cluster.claimsAtRisk(signal);
  for (const name of typeof claims === 'string' ? [] : claims)
    traces.push({
      kind: 'claims',
      name,
      what: `the label on NodeClaim ${name}`,
      remove: (stop) => cluster.endRisk(name, stop).then(() => 'done'),
    });
  const places = await cluster.drainPlaces(signal);
  for (const name of typeof places === 'string' ? [] : places)
    traces.push({
      kind: 'places',
      name,
      what: `Lease ${name}`,
      remove: (stop) => cluster.removeDrainPlace(name, stop).then(() => 'done'),
    });
  return {
    traces,
    // Without Karpenter there is no right to its objects either.
    notes: claims === 'denied' ? ["Karpenter's NodeClaims may not be listed and are left as they are"] : [],
    refused: places === 'denied' ? ['the Leases of the drain budget may not be listed'] : [],
  };
}

function traceOf(cluster: MarkedCluster, node: NodeView): Trace | undefined {
  const change = releasingChange(node);
  const { name, condition } = node;
  if (change === undefined && condition === undefined) return undefined;
  const parts = [
    ...(change === undefined ? [] : Object.keys(change.annotations)),
    ...(change?.unschedulable === false ? ['the cordon'] : []),
    ...(change?.taints === undefined ? [] : ['the taint']),
    ...Object.keys(change?.labels ?? {}),
    ...(condition === undefined ? [] : ['the condition']),
  ];
  return {
    kind: 'nodes',
    name,
    what: `on node ${name}: ${parts.join(', ')}`,
    async remove(signal) {
      if (change !== undefined) {
        const changed = await cluster.changeNode(name, change, signal);
        if (changed !== 'done') return changed === 'gone' ? 'done' : 'again';
      }
      if (condition !== undefined) await cluster.removeCondition(name, signal);
      return 'done';
    },
  };
}

const saidEvery = 100;

async function inParallel<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
  said: (count: number) => void,
): Promise<void> {
  const left = items.values();
  let count = 0;
  const worker = async () => {
    for (const item of left) {
      await work(item);
      count += 1;
      if (count % saidEvery === 0) said(count);
    }
  };
  await Promise.all(Array.from({ length: Math.min(items.length, concurrency) }, worker));
}
