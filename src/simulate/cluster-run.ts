import type { InstanceTypeFacts } from '../decision/knowledge.ts';
import { chanceFrom } from '../learning/chance.ts';
import type { PodBatch } from './demand.ts';
import { EventQueue } from './event-queue.ts';
import type { PoolPriceBook } from './price-book.ts';
import { optionsFor, taken } from './packed-options.ts';
import { allocatable, type Expander } from './scale-up-situation.ts';
import type { SimulatedGroup } from './simulated-group.ts';
import { hoursToInterruption, isUnneeded, otherPlaces } from './simulated-node.ts';
import type { Node, Pod } from './simulated-node.ts';

const hourMs = 3_600_000;
/** The autoscaler removes a node that was not needed for this long. */
const unneededMs = 10 * 60_000;

/** The world that every expander meets alike. */
export interface World {
  readonly groups: readonly {
    readonly group: SimulatedGroup;
    readonly facts: InstanceTypeFacts;
    readonly book: PoolPriceBook;
    /** Interruptions of one node an hour. */
    readonly hazardPerHour: number;
  }[];
  readonly batches: readonly PodBatch[];
  readonly toMs: number;
  readonly seed: number;
  /** Work since the last checkpoint that an evicted pod does again, at most. */
  readonly lostWorkMs: number;
  /**
   * Which nodes the autoscaler removes: empty ones only, as where pods must not be moved, or also those that are less than half
   * used when all of their pods fit elsewhere. A moved pod loses work as every evicted one does.
   */
  readonly scaleDown: 'empty' | 'underused';
  /** A price that reaches (1 + rise) × that of the launch within this time is a spike that was met. */
  readonly spike: { readonly withinMs: number; readonly rise: number };
}

export interface RunOutcome {
  readonly expander: string;
  /** USD for nodes. */
  readonly nodesCost: number;
  /** vCPU-hours that pods asked for and that were not lost. */
  readonly usefulVcpuHours: number;
  readonly nodeHours: number;
  readonly launches: number;
  readonly interruptions: number;
  readonly evictedPods: number;
  /** Launches whose price spiked. */
  readonly spikesMet: number;
  /** Pods that no group could take. */
  readonly unplaceable: number;
  readonly decisions: number;
  /** Node-hours by pool. */
  readonly hoursByPool: ReadonlyMap<string, number>;
}

type Event =
  | { readonly kind: 'batch'; readonly batch: PodBatch }
  | { readonly kind: 'done'; readonly pod: Pod; readonly node: Node; readonly turn: number }
  | { readonly kind: 'interrupt'; readonly node: Node }
  | { readonly kind: 'unneeded'; readonly node: Node; readonly sinceMs: number };

/**
 * Runs a cluster through the demand with one expander: pods first take what is free, the rest is asked about; a node
 * that is not needed goes after ten minutes; an interrupted node's pods wait again at once and do part of their work again.
 */
export function clusterRun(world: World, expander: Expander): RunOutcome {
  const chance = chanceFrom(world.seed ^ 0x5bd1e995);
  const events = new EventQueue<Event>();
  for (const batch of world.batches) events.put(batch.atMs, { kind: 'batch', batch });
  const nodes = new Set<Node>();
  const launchedIn = new Int32Array(world.groups.length);
  const hoursByPool = new Map<string, number>();
  const count = {
    pods: 0,
    launches: 0,
    interruptions: 0,
    evicted: 0,
    spikes: 0,
    unplaceable: 0,
    decisions: 0,
  };
  let nodesCost = 0;
  let nodeHours = 0;
  let usefulMs = 0;

  function start(pod: Pod, node: Node, nowMs: number): void {
    node.pods.add(pod);
    node.cpuMilli -= pod.cpuMilli;
    node.memoryMib -= pod.memoryMib;
    if (node.unneededSinceMs !== undefined && !canGo(node)) node.unneededSinceMs = undefined;
    pod.startedMs = nowMs;
    pod.turn += 1;
    events.put(nowMs + pod.leftMs, { kind: 'done', pod, node, turn: pod.turn });
  }

  function close(node: Node, atMs: number): void {
    const place = world.groups[node.place];
    if (place === undefined || node.isGone) return;
    node.isGone = true;
    nodes.delete(node);
    const untilMs = Math.min(atMs, world.toMs);
    const hours = (untilMs - node.launchedMs) / hourMs;
    nodesCost += place.book.costBetween(node.launchedMs, untilMs);
    nodeHours += hours;
    const pool = `${place.group.instanceType}@${place.group.zone}`;
    hoursByPool.set(pool, (hoursByPool.get(pool) ?? 0) + hours);
  }

  function launch(place: number, nowMs: number): Node {
    const { facts, book, hazardPerHour } = placeOf(place);
    const node: Node = {
      place,
      launchedMs: nowMs,
      ...allocatable(facts),
      pods: new Set(),
      unneededSinceMs: undefined,
      isGone: false,
    };
    nodes.add(node);
    const ordinal = launchedIn[place] ?? 0;
    launchedIn[place] = ordinal + 1;
    count.launches += 1;
    if (book.risesAfter(nowMs, world.spike.withinMs, world.spike.rise)) count.spikes += 1;
    const endMs = nowMs + hoursToInterruption(world.seed, place, ordinal, hazardPerHour) * hourMs;
    if (endMs < world.toMs) events.put(endMs, { kind: 'interrupt', node });
    return node;
  }

  function placeOf(place: number): World['groups'][number] {
    const one = world.groups[place];
    if (one === undefined) throw new RangeError(`no group ${place}`);
    return one;
  }

  function serve(pods: readonly Pod[], nowMs: number): void {
    let waiting = pods.filter((pod) => {
      for (const node of nodes)
        if (node.cpuMilli >= pod.cpuMilli && node.memoryMib >= pod.memoryMib) {
          start(pod, node, nowMs);
          return false;
        }
      return true;
    });
    while (waiting.length > 0) {
      const options = optionsFor(world, waiting, nowMs);
      if (options.length === 0) break;
      count.decisions += 1;
      const situation = {
        nowMs,
        options: options.map(({ option }) => option),
        waiting,
        clusterNodes: nodes.size,
        chance,
      };
      const chosen = expander.choose(situation);
      const { place, pods: order, nodeOf, nodeCount } = taken(options, chosen);
      const fresh = Array.from({ length: nodeCount }, () => launch(place, nowMs));
      const served = new Set<Pod>();
      for (const [index, at] of order.entries()) {
        const pod = waiting[at];
        const node = fresh[nodeOf[index] ?? 0];
        if (pod === undefined || node === undefined) continue;
        start(pod, node, nowMs);
        served.add(pod);
      }
      waiting = waiting.filter((pod) => !served.has(pod));
    }
    count.unplaceable += waiting.length;
  }

  function canGo(node: Node): boolean {
    return isUnneeded(node, allocatable(placeOf(node.place).facts), world.scaleDown);
  }

  function free(pod: Pod, node: Node, nowMs: number): void {
    node.pods.delete(pod);
    node.cpuMilli += pod.cpuMilli;
    node.memoryMib += pod.memoryMib;
    if (node.unneededSinceMs !== undefined || !canGo(node)) return;
    node.unneededSinceMs = nowMs;
    events.put(nowMs + unneededMs, { kind: 'unneeded', node, sinceMs: nowMs });
  }

  /** What an evicted pod does not have to do again, whoever evicts it. */
  function keepWork(pod: Pod, nowMs: number): void {
    const ranMs = nowMs - pod.startedMs;
    const keptMs = ranMs - Math.min(ranMs, world.lostWorkMs);
    usefulMs += keptMs * pod.cpuMilli;
    pod.leftMs -= keptMs;
  }

  function removeUnneeded(node: Node, sinceMs: number, nowMs: number): void {
    if (node.isGone || node.unneededSinceMs !== sinceMs) return;
    const places = otherPlaces(node, nodes);
    if (places === undefined) {
      events.put(nowMs + unneededMs, { kind: 'unneeded', node, sinceMs });
      return;
    }
    close(node, nowMs);
    for (const [pod, other] of places) {
      keepWork(pod, nowMs);
      start(pod, other, nowMs);
    }
  }

  function interrupt(node: Node, nowMs: number): void {
    if (node.isGone) return;
    count.interruptions += 1;
    expander.onInterruption?.(placeOf(node.place).group, nowMs);
    const evicted = [...node.pods];
    close(node, nowMs);
    for (const pod of evicted) {
      keepWork(pod, nowMs);
      pod.turn += 1;
    }
    count.evicted += evicted.length;
    serve(evicted, nowMs);
  }

  function happen(event: Event, nowMs: number): void {
    switch (event.kind) {
      case 'batch': {
        const { batch } = event;
        const pods = Array.from({ length: batch.pods }, () => ({
          id: count.pods++,
          cpuMilli: batch.cpuMilli,
          memoryMib: batch.memoryMib,
          leftMs: batch.hours * hourMs,
          startedMs: nowMs,
          turn: 0,
        }));
        serve(pods, nowMs);
        return;
      }
      case 'done': {
        if (event.pod.turn !== event.turn || event.node.isGone) return;
        usefulMs += (nowMs - event.pod.startedMs) * event.pod.cpuMilli;
        free(event.pod, event.node, nowMs);
        return;
      }
      case 'interrupt':
        interrupt(event.node, nowMs);
        return;
      case 'unneeded':
        removeUnneeded(event.node, event.sinceMs, nowMs);
    }
  }

  for (let next = events.take(); next !== undefined && next.atMs < world.toMs; next = events.take())
    happen(next.event, next.atMs);
  for (const node of [...nodes]) {
    for (const pod of node.pods) usefulMs += (world.toMs - pod.startedMs) * pod.cpuMilli;
    close(node, world.toMs);
  }
  return {
    expander: expander.name,
    nodesCost,
    usefulVcpuHours: usefulMs / hourMs / 1000,
    nodeHours,
    launches: count.launches,
    interruptions: count.interruptions,
    evictedPods: count.evicted,
    spikesMet: count.spikes,
    unplaceable: count.unplaceable,
    decisions: count.decisions,
    hoursByPool,
  };
}
