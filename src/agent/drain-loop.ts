import { setTimeout as sleep } from 'node:timers/promises';
import { signalAnnotation } from '../drain/marks.ts';
import type { NodeView, Observed } from '../drain/observed.ts';
import { isOurs, plan } from '../drain/plan.ts';
import { resumedNotices } from '../drain/resumed.ts';
import type { Plan } from '../drain/steps.ts';
import { ClusterUnavailable } from '../errors/cluster-unavailable.ts';
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

/** Plans, does, looks, and plans again, from the first notice to the last pod. Silent towards the API server while idle. */
export class DrainLoop {
  private readonly memory = emptyDrainMemory();
  private readonly announcer: Announcer;
  private readonly runner: StepRunner;
  private readonly ports: AgentPorts;
  private readonly options: AgentOptions;
  private readonly identity: InstanceIdentity;
  private readonly board: NoticeBoard;
  private readonly reported = new Set<string>();
  private last: Plan | undefined;
  private hasResumed = false;
  private refusing = false;
  private failures = 0;

  constructor(ports: AgentPorts, options: AgentOptions, identity: InstanceIdentity, board: NoticeBoard) {
    this.ports = ports;
    this.options = options;
    this.identity = identity;
    this.board = board;
    this.announcer = new Announcer(ports, identity);
    this.runner = new StepRunner(ports, options, this.memory, ports.slots(identity), this.announcer);
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
    while (!isOver()) {
      const changed = this.board.changed();
      const wakeAtMs = await this.guardedTurn(signal);
      if (isOver()) break;
      const pauseMs = wakeAtMs === undefined ? undefined : Math.max(20, wakeAtMs - this.ports.nowMs());
      await this.rest(changed, pauseMs, stopping, signal);
    }
    await this.announcer.close(2_000);
  }

  private isEvacuating(): boolean {
    if (this.last?.decision !== 'EVACUATE' || this.options.policy.cordonOnly || this.options.dryRun)
      return false;
    return this.last.remaining !== 0 && this.ports.nowMs() < (this.last.deadlineMs ?? 0);
  }

  private async rest(
    changed: Promise<undefined>,
    pauseMs: number | undefined,
    stopping: AbortSignal,
    signal: AbortSignal,
  ): Promise<void> {
    const awake = new AbortController();
    const until = AbortSignal.any([awake.signal, signal, ...(stopping.aborted ? [] : [stopping])]);
    // A timer of more than 24 days would fire at once.
    const timer = sleep(Math.min(pauseMs ?? 2 ** 31 - 1, 2 ** 31 - 1), undefined, { signal: until }).catch(
      () => undefined,
    );
    await Promise.race([changed, timer]);
    awake.abort();
  }

  private async guardedTurn(signal: AbortSignal): Promise<number | undefined> {
    const newNotice = this.board.newNotice;
    try {
      const wakeAtMs = await this.turn(AbortSignal.any([signal, newNotice]));
      if (this.failures > 0)
        this.ports.log.info({ failures: this.failures }, 'the API server does as asked again');
      this.failures = 0;
      return wakeAtMs;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (newNotice.aborted) return this.ports.nowMs();
      return this.ports.nowMs() + this.pauseAfter(error);
    }
  }

  private pauseAfter(error: unknown): number {
    this.failures += 1;
    this.ports.metrics.apiErrors.inc();
    this.memory.node = undefined;
    if (this.failures === 1) this.ports.log.warn({ err: error }, 'the API server cannot be used; trying on');
    const longestMs = this.board.standing.length > 0 ? 1_000 : 10_000;
    const growing =
      Math.min(longestMs, 100 * 2 ** Math.min(this.failures, 8)) * (0.5 + 0.5 * this.ports.chance());
    const asked = error instanceof ClusterUnavailable ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(growing, Math.min(asked, 5_000));
  }

  /** @returns when to plan again; undefined: when something changes. */
  private async turn(signal: AbortSignal): Promise<number | undefined> {
    if (this.hasResumed && this.memory.node !== undefined && isAtRest(this.memory.node)) {
      const idle = this.planned(this.memory.node);
      if (idle.steps.length === 0) return this.kept(idle).wakeAtMs;
    }
    this.memory.node = undefined;
    this.memory.pods = undefined;
    for (let round = 0; round < maxRounds; round += 1) {
      const node: NodeView | 'gone' = this.memory.node ?? (await this.ports.cluster.node(signal));
      if (node === 'gone') return this.nodeIsGone();
      this.memory.node = node;
      if (!this.mayAct(node)) return this.ports.nowMs() + recheckMs;
      this.resume(node);
      await this.runner.renewSlot(signal);
      const made = this.kept(this.planned(node));
      const seenMs = this.board.standing.reduce<number | undefined>(
        (last, one) => Math.max(last ?? 0, one.seenAtMs),
        undefined,
      );
      if ((await this.runner.run(made, node, seenMs, signal)) === 'done') return this.nextLookMs(made);
    }
    return this.ports.nowMs() + 250;
  }

  /** While a mark stands the node is looked at again and again, so that what people change on it is seen. */
  private nextLookMs({ decision, wakeAtMs }: Plan): number | undefined {
    return decision === 'NONE' ? wakeAtMs : Math.min(wakeAtMs ?? Infinity, this.ports.nowMs() + recheckMs);
  }

  private planned(node: NodeView): Plan {
    const { pods, attempts, slot, handOver, terminatingNamespaces } = this.memory;
    const observed: Observed = {
      instanceId: this.identity.instanceId,
      node,
      pods,
      attempts,
      slot,
      handOver,
      terminatingNamespaces: terminatingNamespaces ?? new Set(),
      ownPod: this.options.ownPod,
    };
    return plan(this.board.standing, observed, this.options.policy, this.ports.nowMs());
  }

  private kept(made: Plan): Plan {
    if (made.decision !== this.memory.decision) {
      // What was asked politely is asked anew when it becomes urgent.
      this.memory.attempts.clear();
      this.memory.handOver = 'not-asked';
      this.memory.terminatingNamespaces = undefined;
      this.ports.log.info({ from: this.memory.decision, to: made.decision }, `decision: ${made.decision}`);
      this.memory.decision = made.decision;
    }
    this.last = made;
    this.report(made);
    return made;
  }

  private report(made: Plan): void {
    const notice = this.board.standing.find((one) =>
      made.steps.some((step) => step.kind === 'tell' && step.id === one.id),
    );
    if (notice === undefined || made.remaining === undefined || this.options.dryRun) return;
    const { metrics, log, nowMs } = this.ports;
    const now = nowMs();
    if (made.deadlineMs !== undefined && this.isFirst(`lead/${notice.id}`))
      metrics.noticeLeadSeconds.observe(Math.max(0, made.deadlineMs - notice.seenAtMs) / 1_000);
    if (made.remaining === 0 && this.isFirst(`empty/${notice.id}`)) {
      metrics.noticeToEmptySeconds.observe(Math.max(0, now - notice.seenAtMs) / 1_000);
      if (made.deadlineMs !== undefined)
        metrics.leadTimeLeftSeconds.observe(Math.max(0, made.deadlineMs - now) / 1_000);
      log.info(
        {
          notice: notice.id,
          leadTimeLeftMs: made.deadlineMs === undefined ? undefined : made.deadlineMs - now,
        },
        'the node is empty',
      );
    }
    if (
      made.remaining > 0 &&
      made.deadlineMs !== undefined &&
      now >= made.deadlineMs &&
      this.isFirst(`missed/${notice.id}`)
    ) {
      metrics.missedDeadlines.inc();
      if (this.options.policy.atDeadline === 'leave') metrics.deletions.labels('left').inc(made.remaining);
      log.error(
        { notice: notice.id, remaining: made.remaining },
        'the deadline has passed and pods are still on the node',
      );
    }
  }

  private mayAct(node: NodeView): boolean {
    const mine = isOurs({ instanceId: this.identity.instanceId, node });
    if (!mine && this.isFirst(`refusing/${node.providerId}`))
      this.ports.log.error(
        { node: node.name, providerID: node.providerId, instance: this.identity.instanceId },
        `refusing to act: the Node ${node.name} is not this instance`,
      );
    this.refusing = !mine;
    return mine;
  }

  private resume(node: NodeView): void {
    if (this.hasResumed) return;
    this.hasResumed = true;
    const resumed = resumedNotices(node, this.identity.instanceId);
    if (resumed.length > 0) this.ports.log.info({ resumed }, 'going on from what the node carries');
    this.board.resume(resumed);
  }

  private nodeIsGone(): number {
    if (this.isFirst('gone'))
      this.ports.log.warn({ node: this.options.nodeName }, 'there is no Node of this name');
    return this.ports.nowMs() + recheckMs;
  }

  private isFirst(key: string): boolean {
    if (this.reported.has(key)) return false;
    this.reported.add(key);
    return true;
  }
}

function isAtRest(node: NodeView): boolean {
  return node.annotations[signalAnnotation] === undefined && node.condition?.status !== 'True';
}
