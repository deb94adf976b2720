import type { HandOver, NodeView } from '../drain/observed.ts';
import type { Notice } from '../drain/notice.ts';
import type { NodeChange, Plan, Step } from '../drain/steps.ts';
import type { ClusterUnavailable } from '../errors/cluster-unavailable.ts';
import { messageOf } from '../errors/message-of.ts';
import type {
  InstanceIdentity,
  MetadataProblem,
  MetadataProblemKind,
  MetadataSource,
} from '../ports/instance-metadata.ts';
import type { EvictionAnswer } from '../ports/node-cluster.ts';
import type { Log } from '../telemetry/log.ts';
import type { AgentMetrics } from './agent-metrics.ts';

type PodStep = Extract<Step, { kind: 'evict' | 'delete' }>;

/** What happens to an agent, each as its metric and its log line at once. What goes on is told once, and its end once. */
export class AgentTelemetry {
  private readonly metrics: AgentMetrics;
  private readonly log: Log;
  private readonly loggedKeys = new Set<string>();
  private readonly problems = new Map<MetadataSource, MetadataProblemKind>();
  private isStale = false;
  private apiFailures = 0;

  constructor(metrics: AgentMetrics, log: Log) {
    this.metrics = metrics;
    this.log = log;
  }

  started(address: unknown, node: string): void {
    this.log.info({ address, node }, 'the agent has started');
  }

  portUnusable(port: number, error: unknown): void {
    if (this.isFirst(`port/${port}/${messageOf(error)}`))
      this.log.error(
        { err: error, port },
        'the port for health and metrics cannot be used; trying on, and watching',
      );
  }

  stopped(): void {
    this.log.info({}, 'the agent has stopped');
  }

  watching(identity: InstanceIdentity, node: string, dryRun: boolean): void {
    this.log.info({ ...identity, node, dryRun }, 'watching this instance');
  }

  identityUnknown(kind: string, advice: string): void {
    if (!this.isFirst(`identity/${kind}`)) return;
    this.log.warn({ problem: kind }, `this instance does not know itself yet: ${advice}`);
  }

  /** An error that nobody foresaw is a fault of the agent's own; each different one is told. */
  ownFault(where: string, error: unknown): void {
    this.metrics.ownFaults.inc();
    const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(0, 2).join() : '';
    if (this.isFirst(`fault/${where}/${messageOf(error)}/${stack}`))
      this.log.error({ err: error, where }, `a fault of the agent's own in ${where}; it goes on`);
  }

  keyShortLived(why: string): void {
    this.log.warn(
      { why },
      'the key that proves marks cannot be kept: after a restart only what the metadata service shows is acted on',
    );
  }

  clockSet(byMs: number): void {
    this.log.warn({ byMs }, "this machine's clock is wrong; the agent reckons by the metadata service's");
  }

  polled(source: MetadataSource, problem: MetadataProblem | undefined): void {
    this.metrics.polls.labels(problem === undefined ? 'ok' : 'failed').inc();
    if (problem !== undefined) this.metrics.pollProblems.labels(problem.kind).inc();
    const before = this.problems.get(source);
    if (before === problem?.kind) return;
    if (problem === undefined) {
      this.problems.delete(source);
      this.log.info({ source, was: before }, 'the metadata service answers again');
    } else {
      this.problems.set(source, problem.kind);
      this.log.warn({ source, problem: problem.kind }, problem.advice);
    }
  }

  noticeBegan(notice: Notice): void {
    this.metrics.notices.labels(notice.kind).inc();
    this.log.warn({ notice }, `a ${notice.kind} notice has begun`);
  }

  /** Told of each good read of the Spot notice. */
  staleNotice(isStale: boolean): void {
    if (isStale && !this.isStale) {
      this.metrics.notices.labels('stale').inc();
      this.log.info({}, 'a Spot notice lingers whose time has passed; nothing is done about it');
    }
    this.isStale = isStale;
  }

  resumed(notices: readonly Notice[]): void {
    if (notices.length > 0) this.log.info({ resumed: notices }, 'going on from what the node carries');
  }

  /** A mark that this node's agents have not made, and that the metadata service does not bear out. */
  unprovenMark(node: string, id: string): void {
    this.metrics.unprovenMarks.inc();
    this.log.warn(
      { node, notice: id },
      'the node carries a mark that no agent of this node has made; it is not obeyed',
    );
  }

  decided(from: Plan['decision'], to: Plan['decision']): void {
    this.log.info({ from, to }, `decision: ${to}`);
  }

  leadKnown(notice: Notice, leadMs: number): void {
    if (this.isFirst(`lead/${notice.id}`))
      this.metrics.noticeLeadSeconds.observe(Math.max(0, leadMs) / 1_000);
  }

  emptied(notice: Notice, tookMs: number, leadTimeLeftMs: number | undefined): void {
    if (!this.isFirst(`empty/${notice.id}`)) return;
    this.metrics.noticeToEmptySeconds.observe(Math.max(0, tookMs) / 1_000);
    if (leadTimeLeftMs !== undefined)
      this.metrics.leadTimeLeftSeconds.observe(Math.max(0, leadTimeLeftMs) / 1_000);
    this.log.info({ notice: notice.id, leadTimeLeftMs }, 'the node is empty');
  }

  deadlineMissed(notice: Notice, remaining: number, isLeft: boolean): void {
    if (!this.isFirst(`missed/${notice.id}`)) return;
    this.metrics.missedDeadlines.inc();
    if (isLeft) this.metrics.deletions.labels('left').inc(remaining);
    this.log.error(
      { notice: notice.id, remaining },
      'the deadline has passed and pods are still on the node',
    );
  }

  /** The API server cannot be used for what is to be done next. */
  apiUnusable(error: ClusterUnavailable): void {
    this.apiFailures += 1;
    this.metrics.apiErrors.inc();
    const isNew = this.isFirst(`api/${error.status ?? 'away'}`);
    if (isNew) this.log.warn({ err: error }, 'the API server cannot be used; trying on');
  }

  apiUsable(): void {
    if (this.apiFailures === 0) return;
    this.log.info({ failures: this.apiFailures }, 'the API server does as asked again');
    this.apiFailures = 0;
    for (const key of this.loggedKeys) if (key.startsWith('api/')) this.loggedKeys.delete(key);
  }

  /** What is not vital could not be had; the drain goes on. */
  wentWithout(what: string, error: ClusterUnavailable): void {
    this.metrics.apiErrors.inc();
    if (this.isFirst(`${what}/${error.status ?? 'away'}`))
      this.log.warn({ err: error }, `${what} could not be had; the drain goes on`);
  }

  forbidden(by: 'permission' | 'admission', what: string): void {
    this.metrics.forbidden.inc({ by });
    if (this.isFirst(`forbidden/${by}`))
      this.log.error({ by }, `the API server refuses what the agent asks: ${what}`);
    else this.log.debug({ by }, what);
  }

  refusedNode(node: NodeView, instance: string, why: string): void {
    if (this.isFirst(`refusing/${node.providerId}/${why}`))
      this.log.error(
        { node: node.name, providerID: node.providerId, instance },
        `refusing to act: the Node ${node.name} is not this instance: ${why}`,
      );
  }

  nodeMissing(node: string): void {
    if (this.isFirst('gone')) this.log.warn({ node }, 'there is no Node of this name');
  }

  markConflict(): void {
    this.metrics.marks.labels('conflict').inc();
  }

  markFailed(error: ClusterUnavailable): void {
    this.metrics.marks.labels('failed').inc();
    if (this.isFirst(`mark/${error.status ?? 'away'}`))
      this.log.error({ err: error }, 'the node cannot be marked; its pods are drained all the same');
  }

  nodeChanged(
    why: Extract<Step, { kind: 'change-node' }>['why'],
    change: NodeChange,
    sinceNoticeMs: number | undefined,
  ): void {
    if (why === 'revert') this.metrics.reverts.inc();
    if (why === 'mark') {
      this.metrics.marks.labels('marked').inc();
      if (sinceNoticeMs !== undefined)
        this.metrics.noticeToMarkSeconds.observe(Math.max(0, sinceNoticeMs) / 1_000);
    }
    this.log.info({ why, change }, `the node was changed: ${why}`);
  }

  /** Told once for each kind of write. */
  writtenOver(why: string): void {
    if (this.isFirst(`written-over/${why}`))
      this.log.warn(
        { why },
        'somebody takes back what the agent writes on its Node, again and again; it is written anew, ever more slowly',
      );
  }

  placeGivenBack(): void {
    this.log.warn(
      {},
      'no pod has left this node for place_patience: its place in the drain budget goes to others for a while',
    );
  }

  placeTurned(budget: 'held' | 'waiting'): void {
    const sentence = budget === 'held' ? 'has a place' : 'waits for a place';
    this.log.info({ budget }, `the drain ${sentence} in the budget`);
  }

  offered(nodeClaim: string, karpenter: HandOver): void {
    this.log.info({ nodeClaim, karpenter }, 'the node was offered to Karpenter');
  }

  putAtRisk(nodePool: string, karpenter: HandOver): void {
    this.log.info(
      { nodePool, karpenter },
      karpenter === 'accepted'
        ? 'Karpenter is asked to replace the node'
        : 'Karpenter does not replace the node; it is drained as any other',
    );
  }

  podAnswered(step: PodStep, answer: EvictionAnswer, isChange: boolean): void {
    const isGood = answer.result === 'evicted' || answer.result === 'gone';
    if (step.kind === 'evict') this.metrics.evictions.labels(answer.result).inc();
    else this.metrics.deletions.labels(isGood ? deletionResult(step) : 'failed').inc();
    if (!isChange) return;
    const pod = `${step.pod.namespace}/${step.pod.name}`;
    this.log.info(
      {
        pod,
        how: step.kind,
        result: answer.result,
        grace: step.graceSeconds,
        ...(!isGood && { said: answer.message }),
      },
      `${pod}: ${answer.result}`,
    );
  }

  notDone(kind: string, key: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.isFirst(`dry/${kind}/${key}`))
      this.log.info({ step: kind, ...fields }, `dry run: ${kind} is not done`);
  }

  eventFailed(id: string, error: unknown): void {
    this.metrics.apiErrors.inc();
    this.log.warn({ event: id, error: messageOf(error) }, 'an Event could not be written');
  }

  webhookTold(result: 'sent' | 'failed'): void {
    this.metrics.webhooks.labels(result).inc();
  }

  private isFirst(key: string): boolean {
    if (this.loggedKeys.has(key)) return false;
    // A year's notices and faults are a few hundred; whoever can cause more of them costs a repeated line.
    if (this.loggedKeys.size >= mostLoggedKeys) this.loggedKeys.clear();
    this.loggedKeys.add(key);
    return true;
  }
}

const mostLoggedKeys = 4_096;

function deletionResult({ why, graceSeconds }: Extract<PodStep, { kind: 'delete' }>) {
  if (why === 'shorten') return 'shortened';
  return graceSeconds === 0 ? 'forced' : 'deleted';
}
