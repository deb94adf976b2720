import { signalAnnotation, signalMark } from '../drain/marks.ts';
import { foreignReason } from '../drain/node-identity.ts';
import type { InstanceAddress } from '../drain/instance-address.ts';
import type { NodeView, Observed } from '../drain/observed.ts';
import { plan } from '../drain/plan.ts';
import { believed, provenOn, withoutMark } from '../drain/proof.ts';
import { resumedNotices } from '../drain/resumed.ts';
import type { Plan } from '../drain/steps.ts';
import { ClusterUnavailable } from '../errors/cluster-unavailable.ts';
import { pause, pauseMs, usualJitter } from '../patience/pace.ts';
import type { InstanceIdentity } from '../ports/instance-metadata.ts';
import type { DrainState } from './agent-metrics.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import { Announcer } from './announcer.ts';
import { emptyDrainMemory } from './drain-memory.ts';
import type { NoticeBoard } from './notice-board.ts';
import { StepRunner } from './step-runner.ts';

/** A turn that plans this often without coming to rest takes a breath. */
const maxRounds = 12;
const recheckMs = 60_000;
/** The same while a notice waits for a Node that is not yet known to be ours. */
const urgentRecheckMs = 2_000;
/** After turns that failed, for whatever reason. */
const calmPace = {
  firstPauseMs: 200,
  greatestPauseMs: 10_000,
  jitter: usualJitter,
  greatestAskedMs: 5_000,
} as const;
/** The same while a notice stands. */
const urgentPace = { ...calmPace, greatestPauseMs: 1_000 } as const;
/** How long the first look at the metadata service may keep the first look at the Node waiting. */
const firstRoundMs = 5_000;

interface Self extends InstanceIdentity {
  /** Given where a Node may be known by it. */
  readonly address: InstanceAddress | undefined;
}

/** Plans, does, looks, and plans again, from the first notice to the last pod. Silent towards the API server while idle. */
export class DrainLoop {
  private readonly memory = emptyDrainMemory();
  private readonly announcer: Announcer;
  private readonly runner: StepRunner;
  private readonly ports: AgentPorts;
  private readonly options: AgentOptions;
  private readonly self: Self;
  private readonly board: NoticeBoard;
  private readonly firstRound: Promise<unknown>;
  private last: Plan | undefined;
  private hasResumed = false;
  private refusing = false;
  private failures = 0;

  constructor(
    ports: AgentPorts,
    options: AgentOptions,
    self: Self,
    board: NoticeBoard,
    firstRound: Promise<unknown>,
  ) {
    this.ports = ports;
    this.options = options;
    this.self = self;
    this.board = board;
    this.firstRound = firstRound;
    this.announcer = new Announcer(ports, self, options.podEvents);
    this.runner = new StepRunner(ports, options, this.memory, ports.slots(self), this.announcer);
  }

  get isRefusing(): boolean {
    return this.refusing;
  }

  get state(): DrainState {
    return { decision: this.memory.decision, isWaiting: this.memory.slot === 'waiting' };
  }

  /** Ends soon after `stopping`, but carries a running evacuation to its end; ends at once with `signal`. */
  async run(stopping: AbortSignal, signal: AbortSignal): Promise<void> {
    const isOver = () => signal.aborted || (stopping.aborted && !this.isEvacuating());
    // The metadata service is asked before the Node: what the Node carries may be anybody's.
    const patience = pause(firstRoundMs, stopping, false);
    await Promise.race([this.firstRound, patience]);
    while (!isOver()) {
      const changed = this.board.changed();
      const wakeAtMs = await this.guardedTurn(signal);
      if (isOver()) break;
      const restMs = wakeAtMs === undefined ? Infinity : Math.max(20, wakeAtMs - this.ports.clock.nowMs());
      await this.rest(changed, restMs, stopping, signal);
    }
    await this.announcer.close(2_000);
  }

  private isEvacuating(): boolean {
    if (this.last?.decision !== 'EVACUATE' || this.options.policy.cordonOnly || this.options.dryRun)
      return false;
    return this.last.remaining !== 0 && this.ports.clock.nowMs() < (this.last.deadlineMs ?? 0);
  }

  private async rest(
    changed: Promise<undefined>,
    restMs: number,
    stopping: AbortSignal,
    signal: AbortSignal,
  ): Promise<void> {
    const awake = new AbortController();
    const until = AbortSignal.any([awake.signal, signal, ...(stopping.aborted ? [] : [stopping])]);
    await Promise.race([changed, pause(restMs, until)]);
    awake.abort();
  }

  private async guardedTurn(signal: AbortSignal): Promise<number | undefined> {
    const newNotice = this.board.newNotice;
    try {
      const wakeAtMs = await this.turn(AbortSignal.any([signal, newNotice]));
      this.ports.telemetry.apiUsable();
      this.failures = 0;
      return wakeAtMs;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (newNotice.aborted) return this.ports.clock.nowMs();
      return this.ports.clock.nowMs() + this.pauseAfter(error);
    }
  }

  private pauseAfter(error: unknown): number {
    this.failures += 1;
    this.memory.node = undefined;
    if (error instanceof ClusterUnavailable) this.ports.telemetry.apiUnusable(error);
    else this.ports.telemetry.ownFault('a turn of the drain', error);
    const pace = this.board.standing.length > 0 ? urgentPace : calmPace;
    const askedMs = error instanceof ClusterUnavailable ? error.retryAfterMs : undefined;
    return pauseMs(pace, this.failures, this.ports.chance(), askedMs);
  }

  /** @returns when to plan again; undefined: when something changes. */
  private async turn(signal: AbortSignal): Promise<number | undefined> {
    if (this.hasResumed && this.memory.node !== undefined && isAtRest(this.memory.node)) {
      const { made: idle } = this.planned(this.memory.node);
      if (idle.steps.length === 0) return this.kept(idle).wakeAtMs;
    }
    const sinceReadMs = this.ports.clock.monotonicMs() - this.memory.nodeReadMs;
    // Whoever waits for a place asks for it again and again, and for the Node as seldom as any other.
    if (this.memory.slot !== 'waiting' || sinceReadMs >= recheckMs) this.memory.node = undefined;
    this.memory.pods = undefined;
    for (let round = 0; round < maxRounds; round += 1) {
      const node: NodeView | 'gone' = this.memory.node ?? (await this.readNode(signal));
      if (node === 'gone') {
        this.ports.telemetry.nodeMissing(this.options.nodeName);
        return this.recheckAtMs();
      }
      this.memory.node = node;
      if (!this.mayAct(node)) return this.recheckAtMs();
      this.resume(node);
      if (this.isHeld(node)) return this.ports.clock.nowMs() + urgentRecheckMs;
      await this.runner.renewSlot(signal);
      const { made, node: seen } = this.planned(node);
      this.kept(made);
      const seenMs = this.board.standing.reduce<number | undefined>(
        (last, one) => Math.max(last ?? 0, one.seenAtMs),
        undefined,
      );
      const outcome = await this.runner.run(made, seen, seenMs, signal);
      if (outcome !== 'again') return this.nextLookMs(made, outcome === 'postponed');
    }
    return this.ports.clock.nowMs() + 250;
  }

  private async readNode(signal: AbortSignal): Promise<NodeView | 'gone'> {
    const node = await this.ports.cluster.node(signal);
    this.memory.nodeReadMs = this.ports.clock.monotonicMs();
    return node;
  }

  /** While a mark stands the node is looked at again and again, so that what people change on it is seen. */
  private nextLookMs({ decision, wakeAtMs }: Plan, isPostponed: boolean): number | undefined {
    const { clock } = this.ports;
    const writeInMs = isPostponed ? Math.max(100, this.memory.writes.waitMs(clock.monotonicMs())) : Infinity;
    const lookInMs = Math.min(writeInMs, decision === 'NONE' ? Infinity : recheckMs);
    return lookInMs === Infinity ? wakeAtMs : Math.min(wakeAtMs ?? Infinity, clock.nowMs() + lookInMs);
  }

  private recheckAtMs(): number {
    return this.ports.clock.nowMs() + (this.board.standing.length > 0 ? urgentRecheckMs : recheckMs);
  }

  private planned(carried: NodeView): { readonly made: Plan; readonly node: NodeView } {
    const proven = provenOn(carried, this.ports.seal);
    const node = believed(carried, proven, this.memory.handled);
    const made = this.planOn(node);
    if (proven.signal || made.decision === 'NONE') return { made, node };
    // What somebody else wrote over the mark, or in its place, is written over in turn.
    const unmarked = withoutMark(node);
    return { made: this.planOn(unmarked), node: unmarked };
  }

  private planOn(node: NodeView): Plan {
    const { pods, attempts, slot, placeIdleSinceMs, handOver, loadBalancers, terminatingNamespaces } =
      this.memory;
    const observed: Observed = {
      instanceId: this.self.instanceId,
      instanceAddress: this.self.address,
      node,
      pods,
      attempts,
      slot,
      placeIdleSinceMs,
      handOver,
      loadBalancers,
      terminatingNamespaces: terminatingNamespaces ?? new Set(),
      ownPod: this.options.ownPod,
    };
    return plan(this.board.standing, observed, this.options.policy, this.ports.clock.nowMs());
  }

  private kept(made: Plan): Plan {
    if (made.decision !== this.memory.decision) {
      // What was asked politely is asked anew when it becomes urgent.
      this.memory.attempts.clear();
      this.memory.handOver = 'not-asked';
      this.memory.loadBalancers = 'not-asked';
      this.memory.terminatingNamespaces = undefined;
      this.memory.writes.forget();
      this.ports.telemetry.decided(this.memory.decision, made.decision);
      this.memory.decision = made.decision;
    }
    this.last = made;
    this.noteLeaving(made);
    this.report(made);
    return made;
  }

  private noteLeaving({ remaining }: Plan): void {
    const { memory } = this;
    if (memory.slot !== 'held' || remaining === undefined || remaining >= memory.fewestLeft) return;
    memory.fewestLeft = remaining;
    memory.placeIdleSinceMs = this.ports.clock.nowMs();
  }

  private report(made: Plan): void {
    const notice = this.board.standing.find((one) =>
      made.steps.some((step) => step.kind === 'tell' && step.id === one.id),
    );
    if (notice === undefined || made.remaining === undefined || this.options.dryRun) return;
    const { telemetry, clock } = this.ports;
    const { deadlineMs, remaining } = made;
    const nowMs = clock.nowMs();
    if (deadlineMs !== undefined) telemetry.leadKnown(notice, deadlineMs - notice.seenAtMs);
    if (remaining === 0)
      telemetry.emptied(
        notice,
        nowMs - notice.seenAtMs,
        deadlineMs === undefined ? undefined : deadlineMs - nowMs,
      );
    else if (deadlineMs !== undefined && nowMs >= deadlineMs)
      telemetry.deadlineMissed(notice, remaining, this.options.policy.atDeadline === 'leave');
  }

  private mayAct(node: NodeView): boolean {
    const { instanceId, address } = this.self;
    const why = foreignReason({ instanceId, instanceAddress: address }, node);
    if (why !== undefined) this.ports.telemetry.refusedNode(node, instanceId, why);
    this.refusing = why !== undefined;
    return why === undefined;
  }

  /** Of what the Node carries only that is gone on with which an agent of this node has written. */
  private resume(node: NodeView): void {
    if (this.hasResumed) return;
    this.hasResumed = true;
    const proven = provenOn(node, this.ports.seal);
    const mark = signalMark(node.annotations);
    if (!proven.signal && mark !== undefined && !this.board.standing.some(({ id }) => id === mark.notice.id))
      this.ports.telemetry.unprovenMark(node.name, mark.notice.id);
    const carried = believed(node, proven, this.memory.handled);
    const resumed = resumedNotices(carried, this.self.instanceId, proven.signal);
    this.ports.telemetry.resumed(resumed);
    this.board.resume(resumed);
  }

  /** A mark that is not proven ours is neither obeyed nor taken back before the metadata service has been asked about it. */
  private isHeld(node: NodeView): boolean {
    const mark = signalMark(node.annotations);
    if (mark === undefined || this.board.standing.length > 0) return false;
    return !this.board.hasRead(mark.notice.kind) && !provenOn(node, this.ports.seal).signal;
  }
}

function isAtRest(node: NodeView): boolean {
  return node.annotations[signalAnnotation] === undefined && node.condition?.status !== 'True';
}
