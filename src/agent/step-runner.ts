import { handledAnnotation, handledOn } from '../drain/marks.ts';
import type { NodeView } from '../drain/observed.ts';
import { sealedChange } from '../drain/proof.ts';
import type { Plan, Step } from '../drain/steps.ts';
import { ClusterUnavailable } from '../errors/cluster-unavailable.ts';
import { messageOf } from '../errors/message-of.ts';
import type { DrainSlots, EvictionAnswer } from '../ports/node-cluster.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import type { Announcer } from './announcer.ts';
import { nextAttemptMs, type DrainMemory } from './drain-memory.ts';

type PodStep = Extract<Step, { kind: 'evict' | 'delete' }>;

/** What a step is done for. */
interface About {
  readonly node: NodeView;
  readonly decision: Plan['decision'];
  readonly noticeSeenMs: number | undefined;
}

/** `again`: what was done changes what to plan next. `postponed`: it is written later; what does not rest on it goes on. */
type Outcome = 'again' | 'done' | 'postponed';

const slotPatienceMs = 10_000;
/** How long whoever has given a place back leaves it to others. */
const queueAgainMs = 60_000;

/** Carries out the steps of one plan, in order, pods side by side. */
export class StepRunner {
  private readonly ports: AgentPorts;
  private readonly options: AgentOptions;
  private readonly memory: DrainMemory;
  private readonly slots: DrainSlots;
  private readonly announcer: Announcer;

  constructor(
    ports: AgentPorts,
    options: AgentOptions,
    memory: DrainMemory,
    slots: DrainSlots,
    announcer: Announcer,
  ) {
    this.ports = ports;
    this.options = options;
    this.memory = memory;
    this.slots = slots;
    this.announcer = announcer;
  }

  /** @throws ClusterUnavailable when nothing can be done before the API server is back. */
  async run(
    plan: Plan,
    node: NodeView,
    noticeSeenMs: number | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { decision } = plan;
    let outcome: Outcome = 'done';
    const podSteps = plan.steps.filter(
      (step): step is PodStep => step.kind === 'evict' || step.kind === 'delete',
    );
    for (const step of plan.steps) {
      if (step.kind === 'evict' || step.kind === 'delete') continue;
      const one = await this.one(step, { node, decision, noticeSeenMs }, signal);
      // A node that takes new pods is not drained in peace: they would be evicted again and again.
      if (one === 'postponed' && decision === 'DRAIN' && !node.unschedulable) return one;
      if (one === 'postponed' && outcome === 'done') outcome = one;
      if (one === 'again') {
        outcome = 'again';
        // A changed node or pod list makes the rest of this plan old.
        if (step.kind === 'change-node' || step.kind === 'list-pods') return outcome;
      }
    }
    await this.inParallel(podSteps, (step) => this.pod(step, plan, signal));
    return outcome;
  }

  private async one(step: Exclude<Step, PodStep>, about: About, signal: AbortSignal): Promise<Outcome> {
    const { cluster, telemetry, clock } = this.ports;
    switch (step.kind) {
      case 'change-node':
        return this.isDry(step.kind, step.why, { change: step.change })
          ? 'done'
          : this.changeNode(step, about, signal);
      case 'set-condition':
        if (this.isDry(step.kind, step.reason, {})) return 'done';
        await this.tolerating('the condition', () =>
          cluster.setCondition({ ...step, atMs: clock.nowMs() }, signal),
        );
        if (this.memory.node !== undefined) this.memory.node = { ...this.memory.node, condition: step };
        return 'done';
      case 'tell':
        if (!this.isDry(step.kind, step.id, { message: step.message })) this.announcer.tell(step, about.node);
        return 'done';
      case 'list-pods': {
        const [pods, namespaces] = await Promise.all([
          cluster.pods(signal),
          this.memory.terminatingNamespaces ??
            this.tolerating('namespaces', () => cluster.terminatingNamespaces(signal)),
        ]);
        this.memory.pods = pods;
        this.memory.terminatingNamespaces = namespaces;
        return 'again';
      }
      case 'look-for-load-balancers': {
        const some = await this.tolerating('the Services', () => cluster.hasLoadBalancers(signal));
        this.memory.loadBalancers = some === undefined ? 'unknown' : some ? 'some' : 'none';
        return 'again';
      }
      case 'acquire-slot':
        return this.acquireSlot(signal);
      case 'release-slot':
        // A place that cannot be given back runs out by itself.
        if (!this.isDry(step.kind, '', {}))
          await this.tolerating('giving the drain place back', () => this.slots.release(signal));
        this.memory.slot = 'not-asked';
        return 'done';
      case 'queue-again':
        return this.queueAgain(signal);
      case 'hand-over':
        if (this.isDry(step.kind, step.nodeClaim, {})) this.memory.handOver = 'denied';
        else this.memory.handOver = await cluster.handOver(step.nodeClaim, step.terminateAtMs, signal);
        telemetry.offered(step.nodeClaim, this.memory.handOver);
        return 'again';
      case 'put-at-risk':
        if (this.isDry(step.kind, step.nodeClaim, {})) this.memory.handOver = 'denied';
        else this.memory.handOver = await cluster.putAtRisk(step.nodeClaim, step.nodePool, signal);
        telemetry.putAtRisk(step.nodePool, this.memory.handOver);
        return 'again';
      case 'end-risk':
        if (!this.isDry(step.kind, step.nodeClaim, {})) await cluster.endRisk(step.nodeClaim, signal);
        return 'done';
    }
  }

  private async changeNode(
    step: Extract<Step, { kind: 'change-node' }>,
    { node, decision, noticeSeenMs }: About,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { cluster, telemetry, clock, seal } = this.ports;
    const { writes } = this.memory;
    if (writes.waitMs(clock.monotonicMs()) > 0) {
      if (writes.isSlowed) telemetry.writtenOver(step.why);
      return 'postponed';
    }
    writes.wrote(clock.monotonicMs(), this.ports.chance());
    let changed: NodeView | 'conflict' | 'gone';
    try {
      changed = await cluster.changeNode(sealedChange(step.change, node, seal), signal);
    } catch (error) {
      if (!(error instanceof ClusterUnavailable)) throw error;
      telemetry.markFailed(error);
      // Forbidden or invalid stays so, and an evacuation does not wait for what else may be wrong with the Node.
      const isAnswered = error.status !== undefined && error.status !== 401;
      if (error.status !== 403 && error.status !== 422 && !(isAnswered && decision === 'EVACUATE'))
        throw error;
      return 'done';
    }
    if (changed === 'conflict') telemetry.markConflict();
    this.memory.node = changed === 'conflict' || changed === 'gone' ? undefined : changed;
    if (changed === 'conflict' || changed === 'gone') return 'again';
    if (step.change.annotations[handledAnnotation] !== undefined)
      for (const id of handledOn(changed)) this.memory.handled.add(id);
    const sinceMs = noticeSeenMs === undefined ? undefined : clock.nowMs() - noticeSeenMs;
    telemetry.nodeChanged(step.why, step.change, sinceMs);
    return 'again';
  }

  private async acquireSlot(signal: AbortSignal): Promise<Outcome> {
    if (this.isDry('acquire-slot', '', {})) {
      this.memory.slot = 'held';
      return 'again';
    }
    const nowMs = this.ports.clock.monotonicMs();
    if (nowMs - this.memory.slotAskedMs < slotPatienceMs * (0.8 + 0.2 * this.ports.chance())) return 'done';
    this.memory.slotAskedMs = nowMs;
    const before = this.memory.slot;
    const isMine = await this.tolerating('a drain place', () => this.slots.acquire(signal));
    // Reckoned from before it was asked for: to others the place is ours from the write on.
    if (isMine === true) this.memory.slotHeldMs = nowMs;
    const slot = isMine === true ? 'held' : 'waiting';
    this.memory.slot = slot;
    this.memory.placeIdleSinceMs = slot === 'held' ? this.ports.clock.nowMs() : undefined;
    this.memory.fewestLeft = Infinity;
    if (before !== slot) this.ports.telemetry.placeTurned(slot);
    return slot === 'held' ? 'again' : 'done';
  }

  /** A drain that does not get on, because a budget lets no pod go, must not keep the others' drains waiting. */
  private async queueAgain(signal: AbortSignal): Promise<Outcome> {
    const { memory } = this;
    memory.placeIdleSinceMs = this.ports.clock.nowMs();
    if (this.isDry('queue-again', '', {})) return 'done';
    await this.tolerating('giving the drain place back', () => this.slots.release(signal));
    memory.slot = 'waiting';
    memory.slotAskedMs = this.ports.clock.monotonicMs() + queueAgainMs - slotPatienceMs;
    this.ports.telemetry.placeGivenBack();
    return 'done';
  }

  /** Keeps the place while the drain goes on; another's claim on it, or a silence in which it may be given away, means waiting again. */
  async renewSlot(signal: AbortSignal): Promise<void> {
    const nowMs = this.ports.clock.monotonicMs();
    const { memory, options, ports } = this;
    if (memory.slot !== 'held' || options.dryRun || nowMs - memory.slotAskedMs < options.slotRenewMs) return;
    memory.slotAskedMs = nowMs;
    const isMine = await this.tolerating('the drain place', () => this.slots.acquire(signal));
    if (isMine === true) memory.slotHeldMs = nowMs;
    const isLost = ports.clock.monotonicMs() - memory.slotHeldMs >= options.slotLostMs;
    if (isMine !== false && !isLost) return;
    memory.slot = 'waiting';
    ports.telemetry.placeTurned('waiting');
  }

  private async pod(step: PodStep, plan: Plan, signal: AbortSignal): Promise<void> {
    const { cluster, telemetry, clock } = this.ports;
    const { pod } = step;
    const before = this.memory.attempts.get(pod.uid);
    const firstAtMs = before?.firstAtMs ?? clock.nowMs();
    if (this.isDry(step.kind, pod.uid, { pod: `${pod.namespace}/${pod.name}` })) {
      this.memory.attempts.set(pod.uid, { firstAtMs, result: 'evicted', nextAtMs: Infinity });
      return;
    }
    let answer: EvictionAnswer;
    try {
      answer =
        step.kind === 'evict'
          ? await cluster.evict(pod, step.graceSeconds, signal)
          : await cluster.deletePod(pod, step.graceSeconds, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // One pod must not keep the others.
      telemetry.ownFault(`${step.kind === 'evict' ? 'evicting' : 'deleting'} a pod`, error);
      answer = { result: 'failed', retryAfterMs: undefined, message: messageOf(error) };
    }
    telemetry.podAnswered(step, answer, before?.result !== answer.result);
    const refusals = answer.result === 'blocked' ? (before?.refusals ?? 0) + 1 : 0;
    if (answer.result === 'evicted' && before?.result !== 'evicted')
      this.announcer.tellOfPod(
        pod,
        plan.decision === 'EVACUATE' ? 'the instance is going' : 'the node is drained',
      );
    this.memory.attempts.set(pod.uid, {
      firstAtMs,
      result: answer.result,
      refusals,
      nextAtMs: nextAttemptMs(
        answer.result,
        answer.retryAfterMs,
        plan.decision,
        this.options.policy,
        clock.nowMs(),
        plan.deadlineMs,
        Math.max(1, refusals),
      ),
    });
  }

  private async inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const left = items.values();
    const worker = async () => {
      for (const item of left) await work(item);
    };
    await Promise.all(Array.from({ length: Math.min(items.length, this.options.concurrency) }, worker));
  }

  /** What is not vital must not stop a drain; it is said once. */
  private async tolerating<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ClusterUnavailable)) throw error;
      this.ports.telemetry.wentWithout(what, error);
      return undefined;
    }
  }

  private isDry(kind: string, key: string, fields: Readonly<Record<string, unknown>>): boolean {
    if (this.options.dryRun) this.ports.telemetry.notDone(kind, key, fields);
    return this.options.dryRun;
  }
}
