import { chanceFrom } from '../../learning/chance.ts';
import { AutoscalerBackOff } from './autoscaler-back-off.ts';
import { fleetOf, hazardsOf, poolsOf } from './cluster-pools.ts';
import type { PodBatch } from './demand.ts';
import { DryPools } from './dry-pools.ts';
import { EventQueue } from './event-queue.ts';
import { ExpectedLosses } from './expected-losses.ts';
import { burstsOf, hoursToInterruption, isTaken } from './node-fate.ts';
import { optionsFor, takenOption } from './packed-options.ts';
import { RunTally, type RunOutcome } from './run-outcome.ts';
import type { Expander } from './scale-up-situation.ts';
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
/** A launch that brings nothing is noticed, and what waits asked about again, after so long. */
const noticedMs = 60_000;

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
  | { readonly kind: 'unneeded'; readonly node: SimulatedNode; readonly sinceMs: number }
  | { readonly kind: 'asked-again' };

/**
 * Runs a cluster through the demand with one expander: pods first take what is free, the rest is asked about; a node
 * that is not needed goes after ten minutes; an interrupted node's pods wait again at once and do part of their work again.
 * Where pools run dry the autoscaler leaves a group alone that brought less than was asked for, whichever expander chose it.
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
  const dryPools =
    settings.dry === undefined
      ? undefined
      : new DryPools(
          hazardsOf(settings, poolOf),
          settings.dry,
          settings.seed,
          settings.batches[0]?.atMs ?? settings.toMs,
          settings.toMs,
        );
  const backOff = new AutoscalerBackOff();
  /** What a failed launch left, or what found every group left alone, until it is asked about again. */
  let unserved: readonly SimulatedPod[] = [];
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
    if (pod.waitsSinceMs !== undefined) tally.addWait(nowMs - pod.waitsSinceMs);
    pod.waitsSinceMs = undefined;
    pod.startedMs = nowMs;
    pod.turn += 1;
    events.put(nowMs + pod.leftMs, { kind: 'done', pod, node, turn: pod.turn });
  }

  function launch(place: number, nowMs: number): SimulatedNode {
    const { group, facts, book, hazardPerHour } = placeOf(place);
    const ordinal = launchedIn[place] ?? 0;
    launchedIn[place] = ordinal + 1;
    const node = freshNode(place, ordinal, facts, nowMs);
    nodes.add(node);
    expander.onLaunch?.(group, nowMs);
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
    for (const pod of pods) pod.waitsSinceMs ??= nowMs;
    let waiting = waitingAfterRoom([...unserved, ...pods], nowMs);
    unserved = [];
    while (waiting.length > 0) {
      const all = optionsFor(settings, waiting, nowMs);
      const options = all.filter(({ place }) => backOff.untilMs(place) <= nowMs);
      if (options.length === 0) {
        const backAtMs = Math.min(...all.map(({ place }) => backOff.untilMs(place)));
        if (all.length > 0) askAgain(waiting, backAtMs);
        else tally.unplaceable += waiting.length;
        return;
      }
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
      const delivered = dryPools?.delivered(poolOf[place] ?? place, nodeCount, nowMs) ?? nodeCount;
      const fresh = Array.from({ length: delivered }, () => launch(place, nowMs));
      const served = new Set<SimulatedPod>();
      for (const [index, at] of order.entries()) {
        const pod = waiting[at];
        const node = fresh[nodeOf[index] ?? 0];
        if (pod === undefined || node === undefined) continue;
        start(pod, node, nowMs);
        served.add(pod);
      }
      waiting = waiting.filter((pod) => !served.has(pod));
      if (delivered < nodeCount) {
        tally.failedLaunches += 1;
        backOff.failed(place, nowMs);
        askAgain(waiting, nowMs + noticedMs);
        return;
      }
    }
  }

  function askAgain(waiting: readonly SimulatedPod[], atMs: number): void {
    unserved = waiting;
    events.put(atMs, { kind: 'asked-again' });
  }

  function arrive({ pods, cpuMilli, memoryMib, hours }: PodBatch, nowMs: number): void {
    const fresh = Array.from({ length: pods }, () => ({
      id: podCount++,
      cpuMilli,
      memoryMib,
      leftMs: hours * hourMs,
      startedMs: nowMs,
      waitsSinceMs: undefined,
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
        return;
      case 'asked-again':
        serve([], nowMs);
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

function sumOf(pods: Iterable<SimulatedPod>): number {
  let sum = 0;
  for (const { cpuMilli } of pods) sum += cpuMilli;
  return sum;
}
