import type { NodeView } from '../drain/observed.ts';
import type { Plan, Step } from '../drain/steps.ts';
import { ClusterUnavailable } from '../errors/cluster-unavailable.ts';
import type { DrainSlots, EvictionAnswer } from '../ports/node-cluster.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import type { Announcer } from './announcer.ts';
import { nextAttemptMs, type DrainMemory } from './drain-memory.ts';

type PodStep = Extract<Step, { kind: 'evict' | 'delete' }>;

/** `again`: what was done changes what to plan next. */
type Outcome = 'again' | 'done';

const slotPatienceMs = 10_000;

/** Carries out the steps of one plan, in order, pods side by side. */
export class StepRunner {
  private readonly ports: AgentPorts;
  private readonly options: AgentOptions;
  private readonly memory: DrainMemory;
  private readonly slots: DrainSlots;
  private readonly announcer: Announcer;
  private readonly saidOnce = new Set<string>();

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
    let outcome: Outcome = 'done';
    const podSteps = plan.steps.filter(
      (step): step is PodStep => step.kind === 'evict' || step.kind === 'delete',
    );
    for (const step of plan.steps) {
      if (step.kind === 'evict' || step.kind === 'delete') continue;
      if ((await this.one(step, node, noticeSeenMs, signal)) === 'again') {
        outcome = 'again';
        // A changed node or pod list makes the rest of this plan old.
        if (step.kind === 'change-node' || step.kind === 'list-pods') return outcome;
      }
    }
    await this.inParallel(podSteps, (step) => this.pod(step, plan, signal));
    return outcome;
  }

  private async one(
    step: Exclude<Step, PodStep>,
    node: NodeView,
    noticeSeenMs: number | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { cluster } = this.ports;
    switch (step.kind) {
      case 'change-node':
        return this.isDry(step.kind, step.why, { change: step.change })
          ? 'done'
          : this.changeNode(step, noticeSeenMs, signal);
      case 'set-condition':
        if (this.isDry(step.kind, step.reason, {})) return 'done';
        await this.tolerating('the condition', () =>
          cluster.setCondition({ ...step, atMs: this.ports.nowMs() }, signal),
        );
        if (this.memory.node !== undefined) this.memory.node = { ...this.memory.node, condition: step };
        return 'done';
      case 'tell':
        if (!this.isDry(step.kind, step.id, { message: step.message })) this.announcer.tell(step, node);
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
      case 'acquire-slot':
        return this.acquireSlot(signal);
      case 'release-slot':
        // A place that cannot be given back runs out by itself.
        if (!this.isDry(step.kind, '', {}))
          await this.tolerating('giving the drain place back', () => this.slots.release(signal));
        this.memory.slot = 'not-asked';
        return 'done';
      case 'hand-over':
        if (this.isDry(step.kind, step.nodeClaim, {})) this.memory.handOver = 'denied';
        else this.memory.handOver = await cluster.handOver(step.nodeClaim, step.terminateAtMs, signal);
        this.ports.log.info(
          { nodeClaim: step.nodeClaim, karpenter: this.memory.handOver },
          'the node was offered to Karpenter',
        );
        return 'again';
      case 'put-at-risk':
        if (this.isDry(step.kind, step.nodeClaim, {})) this.memory.handOver = 'denied';
        else this.memory.handOver = await cluster.putAtRisk(step.nodeClaim, step.nodePool, signal);
        this.ports.log.info(
          { nodePool: step.nodePool, karpenter: this.memory.handOver },
          this.memory.handOver === 'accepted'
            ? 'Karpenter is asked to replace the node'
            : 'Karpenter does not replace the node; it is drained as any other',
        );
        return 'again';
      case 'end-risk':
        if (!this.isDry(step.kind, step.nodeClaim, {})) await cluster.endRisk(step.nodeClaim, signal);
        return 'done';
    }
  }

  private async changeNode(
    step: Extract<Step, { kind: 'change-node' }>,
    noticeSeenMs: number | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { cluster, metrics, log, nowMs } = this.ports;
    let changed: NodeView | 'conflict' | 'gone';
    try {
      changed = await cluster.changeNode(step.change, signal);
    } catch (error) {
      metrics.marks.labels('failed').inc();
      // Forbidden or invalid stays so: the pods are warned all the same.
      if (!(error instanceof ClusterUnavailable) || (error.status !== 403 && error.status !== 422))
        throw error;
      if (this.isFirst(`change-node/${error.status}`))
        log.error({ err: error }, 'the node cannot be marked; its pods are drained all the same');
      return 'done';
    }
    if (changed === 'conflict') metrics.marks.labels('conflict').inc();
    this.memory.node = changed === 'conflict' || changed === 'gone' ? undefined : changed;
    if (changed === 'conflict' || changed === 'gone') return 'again';
    if (step.why === 'revert') metrics.reverts.inc();
    if (step.why === 'mark') {
      metrics.marks.labels('marked').inc();
      if (noticeSeenMs !== undefined)
        metrics.noticeToMarkSeconds.observe(Math.max(0, nowMs() - noticeSeenMs) / 1_000);
    }
    log.info({ why: step.why, change: step.change }, `the node was changed: ${step.why}`);
    return 'again';
  }

  private async acquireSlot(signal: AbortSignal): Promise<Outcome> {
    if (this.isDry('acquire-slot', '', {})) {
      this.memory.slot = 'held';
      return 'again';
    }
    const nowMs = this.ports.nowMs();
    if (nowMs - this.memory.slotAskedMs < slotPatienceMs * (0.8 + 0.2 * this.ports.chance())) return 'done';
    this.memory.slotAskedMs = nowMs;
    const before = this.memory.slot;
    const isMine = await this.tolerating('a drain place', () => this.slots.acquire(signal));
    this.memory.slot = isMine === true ? 'held' : 'waiting';
    if (before !== this.memory.slot)
      this.ports.log.info(
        { budget: this.memory.slot },
        this.memory.slot === 'held'
          ? 'the drain has a place in the budget'
          : 'the drain waits for a place in the budget',
      );
    return this.memory.slot === 'held' ? 'again' : 'done';
  }

  /** Keeps the place while the drain goes on; another's claim on it means waiting again. */
  async renewSlot(signal: AbortSignal): Promise<void> {
    const nowMs = this.ports.nowMs();
    if (
      this.memory.slot !== 'held' ||
      this.options.dryRun ||
      nowMs - this.memory.slotAskedMs < this.options.slotRenewMs
    )
      return;
    this.memory.slotAskedMs = nowMs;
    const isMine = await this.tolerating('the drain place', () => this.slots.acquire(signal));
    if (isMine === false) this.memory.slot = 'waiting';
  }

  private async pod(step: PodStep, plan: Plan, signal: AbortSignal): Promise<void> {
    const { cluster, metrics, log, nowMs } = this.ports;
    const { pod } = step;
    const first = this.memory.attempts.get(pod.uid)?.firstAtMs ?? nowMs();
    const name = `${pod.namespace}/${pod.name}`;
    if (this.isDry(step.kind, pod.uid, { pod: name })) {
      this.memory.attempts.set(pod.uid, { firstAtMs: first, result: 'evicted', nextAtMs: Infinity });
      return;
    }
    const answer: EvictionAnswer =
      step.kind === 'evict'
        ? await cluster.evict(pod, step.graceSeconds, signal)
        : await cluster.deletePod(pod, step.graceSeconds, signal);
    const isGood = answer.result === 'evicted' || answer.result === 'gone';
    if (step.kind === 'evict') metrics.evictions.labels(answer.result).inc();
    else
      metrics.deletions
        .labels(
          !isGood
            ? 'failed'
            : step.why === 'shorten'
              ? 'shortened'
              : step.graceSeconds === 0
                ? 'forced'
                : 'deleted',
        )
        .inc();
    const before = this.memory.attempts.get(pod.uid)?.result;
    this.memory.attempts.set(pod.uid, {
      firstAtMs: first,
      result: answer.result,
      nextAtMs: nextAttemptMs(
        answer.result,
        answer.retryAfterMs,
        plan.decision,
        this.options.policy,
        nowMs(),
      ),
    });
    if (before !== answer.result)
      log.info(
        {
          pod: name,
          how: step.kind,
          result: answer.result,
          grace: step.graceSeconds,
          ...(!isGood && { said: answer.message }),
        },
        `${name}: ${answer.result}`,
      );
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
      this.ports.metrics.apiErrors.inc();
      if (this.isFirst(`${what}/${error.status ?? 'away'}`))
        this.ports.log.warn({ err: error }, `${what} could not be had; the drain goes on`);
      return undefined;
    }
  }

  private isDry(kind: string, key: string, fields: Readonly<Record<string, unknown>>): boolean {
    if (this.options.dryRun && this.isFirst(`dry/${kind}/${key}`))
      this.ports.log.info({ step: kind, ...fields }, `dry run: ${kind} is not done`);
    return this.options.dryRun;
  }

  private isFirst(key: string): boolean {
    if (this.saidOnce.has(key)) return false;
    this.saidOnce.add(key);
    return true;
  }
}
