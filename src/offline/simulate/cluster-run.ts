import { chanceFrom } from '../../learning/chance.ts';
import type { PodBatch } from './demand.ts';
import { EventQueue } from './event-queue.ts';
import { ExpectedLosses } from './expected-losses.ts';
import { burstsOf, hoursToInterruption, isTaken } from './node-fate.ts';
import { optionsFor, takenOption } from './packed-options.ts';
import { RunTally, type RunOutcome } from './run-outcome.ts';
import type { Expander, Situation } from './scale-up-situation.ts';
import {
  freshNode,
  hasRoom,
  isUnneeded,
  otherPlaces,
  putOn,
  takeOff,
  type SimulatedNode,
  type SimulatedPod,
} from './simulated-node.ts';
import type { SimulationSettings, SimulationGroup } from './simulation-settings.ts';

const hourMs = 3_600_000;
/** The autoscaler removes a node that was not needed for this long. */
const unneededMs = 10 * 60_000;

type Event =
  | { readonly kind: 'batch'; readonly batch: PodBatch }
  | {
      readonly kind: 'done';
      readonly pod: SimulatedPod;
      readonly node: SimulatedNode;
      readonly turn: number;
    }
  | { readonly kind: 'interrupt'; readonly node: SimulatedNode }
  | { readonly kind: 'burst'; readonly pool: number; readonly ordinal: number; readonly taken: number }
  | { readonly kind: 'unneeded'; readonly node: SimulatedNode; readonly sinceMs: number };

/**
 * Runs a cluster through the demand with one expander: pods first take what is free, the rest is asked about; a node
 * that is not needed goes after ten minutes; an interrupted node's pods wait again at once and do part of their work again.
 */
export function clusterRun(settings: SimulationSettings, expander: Expander): RunOutcome {
  const chance = chanceFrom(settings.seed ^ 0x5bd1e995);
  const events = new EventQueue<Event>();
  for (const batch of settings.batches) events.put(batch.atMs, { kind: 'batch', batch });
  const nodes = new Set<SimulatedNode>();
  const launchedIn = new Int32Array(settings.groups.length);
  const poolOf = poolsOf(settings);
  const losses = new ExpectedLosses(settings, poolOf);
  const isDrawn = settings.interruptions === 'drawn';
  if (isDrawn)
    for (const burst of burstsOf(settings, poolOf)) events.put(burst.atMs, { kind: 'burst', ...burst });
  const tally = new RunTally();
  let podCount = 0;

  function placeOf(place: number): SimulationGroup {
    const one = settings.groups[place];
    if (one === undefined) throw new RangeError(`no group ${place}`);
    return one;
  }

  function start(pod: SimulatedPod, node: SimulatedNode, nowMs: number): void {
    putOn(node, pod);
    losses.pods(node.place, node.pods.size - 1, node.pods.size, pod.cpuMilli);
    if (node.unneededSinceMs !== undefined && !isUnneeded(node, settings.scaleDown))
      node.unneededSinceMs = undefined;
    pod.startedMs = nowMs;
    pod.turn += 1;
    events.put(nowMs + pod.leftMs, { kind: 'done', pod, node, turn: pod.turn });
  }

  function launch(place: number, nowMs: number): SimulatedNode {
    const { facts, book, hazardPerHour } = placeOf(place);
    const ordinal = launchedIn[place] ?? 0;
    launchedIn[place] = ordinal + 1;
    const node = freshNode(place, ordinal, facts, nowMs);
    nodes.add(node);
    losses.node(place, facts.vcpu, 1);
    tally.launches += 1;
    if (book.risesAfter(nowMs, settings.spike.withinMs, settings.spike.rise)) tally.spikesMet += 1;
    const alone = hazardPerHour * (1 - settings.bursts.together);
    const endMs = nowMs + hoursToInterruption(settings.seed, place, ordinal, alone) * hourMs;
    if (isDrawn && endMs < settings.toMs) events.put(endMs, { kind: 'interrupt', node });
    return node;
  }

  function close(node: SimulatedNode, atMs: number): void {
    if (node.isGone) return;
    node.isGone = true;
    nodes.delete(node);
    losses.pods(node.place, node.pods.size, 0, -sumOf(node.pods));
    losses.node(node.place, node.facts.vcpu, -1);
    const { group, book } = placeOf(node.place);
    const untilMs = Math.min(atMs, settings.toMs);
    tally.addNode(
      `${group.instanceType}@${group.zone}`,
      untilMs - node.launchedMs,
      book.costBetween(node.launchedMs, untilMs),
    );
  }

  /** What is left of the pods once free room has taken what it can. */
  function waitingAfterRoom(pods: readonly SimulatedPod[], nowMs: number): readonly SimulatedPod[] {
    return pods.filter((pod) => {
      for (const node of nodes)
        if (hasRoom(node, pod)) {
          start(pod, node, nowMs);
          return false;
        }
      return true;
    });
  }

  function serve(pods: readonly SimulatedPod[], nowMs: number): void {
    let waiting = waitingAfterRoom(pods, nowMs);
    while (waiting.length > 0) {
      const options = optionsFor(settings, waiting, nowMs);
      if (options.length === 0) break;
      tally.decisions += 1;
      const chosen = expander.choose({
        nowMs,
        options: options.map(({ option }) => option),
        waiting,
        clusterNodes: nodes.size,
        fleet: fleetOf(nodes, placeOf),
        chance,
      });
      const { place, pods: order, nodeOf, nodeCount } = takenOption(options, chosen);
      const fresh = Array.from({ length: nodeCount }, () => launch(place, nowMs));
      const served = new Set<SimulatedPod>();
      for (const [index, at] of order.entries()) {
        const pod = waiting[at];
        const node = fresh[nodeOf[index] ?? 0];
        if (pod === undefined || node === undefined) continue;
        start(pod, node, nowMs);
        served.add(pod);
      }
      waiting = waiting.filter((pod) => !served.has(pod));
    }
    tally.unplaceable += waiting.length;
  }

  function arrive({ pods, cpuMilli, memoryMib, hours }: PodBatch, nowMs: number): void {
    const fresh = Array.from({ length: pods }, () => ({
      id: podCount++,
      cpuMilli,
      memoryMib,
      leftMs: hours * hourMs,
      startedMs: nowMs,
      turn: 0,
    }));
    serve(fresh, nowMs);
  }

  function finish(pod: SimulatedPod, node: SimulatedNode, nowMs: number): void {
    tally.addWork(pod.cpuMilli, nowMs - pod.startedMs);
    takeOff(node, pod);
    losses.pods(node.place, node.pods.size + 1, node.pods.size, -pod.cpuMilli);
    if (node.unneededSinceMs !== undefined || !isUnneeded(node, settings.scaleDown)) return;
    node.unneededSinceMs = nowMs;
    events.put(nowMs + unneededMs, { kind: 'unneeded', node, sinceMs: nowMs });
  }

  /** What an evicted pod does not have to do again, whoever evicts it. */
  function keepWork(pod: SimulatedPod, nowMs: number): void {
    const ranMs = nowMs - pod.startedMs;
    const keptMs = ranMs - Math.min(ranMs, settings.lostWorkMs);
    tally.addWork(pod.cpuMilli, keptMs);
    tally.addLost(pod.cpuMilli, ranMs - keptMs);
    pod.leftMs -= keptMs;
  }

  function removeUnneeded(node: SimulatedNode, sinceMs: number, nowMs: number): void {
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

  /** Nodes that go together: what was on them waits until all of them are gone. */
  function interrupt(taken: readonly SimulatedNode[], nowMs: number): void {
    const going = taken.filter(({ isGone }) => !isGone);
    const evicted: SimulatedPod[] = [];
    const fleetPods = [...nodes].reduce((sum, { pods }) => sum + pods.size, 0);
    for (const node of going) {
      tally.interruptions += 1;
      expander.onInterruption?.(placeOf(node.place).group, nowMs);
      evicted.push(...node.pods);
      close(node, nowMs);
    }
    if (evicted.length === 0) return;
    tally.lose(evicted.length, fleetPods, nowMs, settings.disturbance);
    for (const pod of evicted) {
      keepWork(pod, nowMs);
      pod.turn += 1;
    }
    serve(evicted, nowMs);
  }

  function happen(event: Event, nowMs: number): void {
    switch (event.kind) {
      case 'batch':
        arrive(event.batch, nowMs);
        return;
      case 'done':
        if (event.pod.turn === event.turn && !event.node.isGone) finish(event.pod, event.node, nowMs);
        return;
      case 'interrupt':
        interrupt([event.node], nowMs);
        return;
      case 'burst':
        interrupt(
          [...nodes].filter(
            ({ place, ordinal }) =>
              poolOf[place] === event.pool &&
              isTaken(settings.seed, place, ordinal, event.ordinal, event.taken),
          ),
          nowMs,
        );
        return;
      case 'unneeded':
        removeUnneeded(event.node, event.sinceMs, nowMs);
    }
  }

  for (let next = events.take(); next !== undefined && next.atMs < settings.toMs; next = events.take()) {
    losses.passTo(next.atMs);
    happen(next.event, next.atMs);
  }
  losses.passTo(settings.toMs);
  for (const node of [...nodes]) {
    for (const pod of node.pods) tally.addWork(pod.cpuMilli, settings.toMs - pod.startedMs);
    close(node, settings.toMs);
  }
  return tally.outcome(expander.name, losses.losses(), isDrawn);
}

/** The pool of each group, as a number: groups of one type and zone that buy Spot share it. */
function poolsOf({ groups }: SimulationSettings): readonly number[] {
  const numbers = new Map<string, number>();
  return groups.map(({ group: { instanceType, zone, capacityType } }) => {
    const key = `${instanceType}@${zone}/${capacityType}`;
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
}

function fleetOf(
  nodes: Iterable<SimulatedNode>,
  placeOf: (place: number) => SimulationGroup,
): Situation['fleet'] {
  const counts = new Map<number, number>();
  for (const { place } of nodes) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts].map(([place, count]) => {
    const { group, facts } = placeOf(place);
    return { group, facts, nodes: count };
  });
}

function sumOf(pods: Iterable<SimulatedPod>): number {
  let sum = 0;
  for (const { cpuMilli } of pods) sum += cpuMilli;
  return sum;
}
