import { defaultDrainPolicy, type DrainPolicy } from '../../../src/drain/drain-policy.ts';
import type {
  Attempt,
  DrainSlot,
  HandOver,
  NodeView,
  Observed,
  PodView,
} from '../../../src/drain/observed.ts';
import { plan } from '../../../src/drain/plan.ts';
import type { Notice } from '../../../src/drain/notice.ts';
import type { NodeChange, Plan, Step } from '../../../src/drain/steps.ts';

export const start = Date.parse('2026-03-01T10:00:00Z');
export const instanceId = 'i-0123456789abcdef0';

export function aNode(over: Partial<NodeView> = {}): NodeView {
  return {
    name: 'node-a',
    uid: 'uid-node-a',
    resourceVersion: '1',
    providerId: `aws:///ap-south-1a/${instanceId}`,
    createdAtMs: start - 3_600_000,
    unschedulable: false,
    labels: {},
    annotations: {},
    taints: [],
    bootId: 'boot-1',
    condition: undefined,
    nodeClaim: undefined,
    ...over,
  };
}

export function aPod(name: string, over: Partial<PodView> = {}): PodView {
  return {
    namespace: 'default',
    name,
    uid: `uid-${name}`,
    nodeName: 'node-a',
    phase: 'Running',
    priority: 0,
    graceMs: 30_000,
    deletionEndsAtMs: undefined,
    controllerKind: 'ReplicaSet',
    isMirror: false,
    hasEmptyDir: false,
    labels: {},
    ...over,
  };
}

export function aPolicy(over: Partial<DrainPolicy> = {}): DrainPolicy {
  return { ...defaultDrainPolicy, loadBalancerWaitMs: { drain: 0, evacuate: 0 }, minNodeAgeMs: 0, ...over };
}

export function terminateAt(atMs: number, seenAtMs = start): Notice {
  return {
    kind: 'spot-interruption',
    id: `spot-interruption/${new Date(atMs).toISOString()}`,
    action: 'terminate',
    atMs,
    seenAtMs,
    present: true,
  };
}

export function rebalanceAt(seenAtMs = start): Notice {
  return {
    kind: 'rebalance',
    id: `rebalance/${new Date(seenAtMs).toISOString()}`,
    noticeTimeMs: seenAtMs,
    seenAtMs,
    present: true,
  };
}

export function observedNode(over: Partial<Observed> = {}): Observed {
  return {
    instanceId,
    node: aNode(),
    pods: undefined,
    terminatingNamespaces: new Set(),
    ownPod: undefined,
    attempts: new Map(),
    slot: 'not-asked',
    handOver: 'not-asked',
    loadBalancers: 'not-asked',
    ...over,
  };
}

export function stepsOf<Kind extends Step['kind']>(from: Plan, kind: Kind): Extract<Step, { kind: Kind }>[] {
  return from.steps.filter((step): step is Extract<Step, { kind: Kind }> => step.kind === kind);
}

/** The node as an agent leaves it that met this notice. */
export function markedBy(notice: Notice, node = aNode(), nowMs = start): NodeView {
  const [step] = stepsOf(plan([notice], observedNode({ node }), aPolicy(), nowMs), 'change-node');
  if (step === undefined) throw new Error('the plan marks no node');
  return changedNode(node, step.change);
}

export interface SimulatedPod extends PodView {
  /** A PDB lets it go from this time on; Infinity: never. */
  readonly freeAtMs: number;
}

export interface Fault {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly kind: 'api-away' | 'conflict' | 'agent-dead';
}

export interface Asked {
  readonly atMs: number;
  readonly pod: string;
  readonly how: 'evict' | 'delete' | 'force';
  readonly accepted: boolean;
  readonly graceSeconds: number | undefined;
}

/** One node, its pods and an agent that loses its memory whenever it dies, on a clock that only the test moves. */
export class SimulatedNode {
  node: NodeView;
  pods: SimulatedPod[];
  nowMs = start;
  readonly asked: Asked[] = [];
  readonly told = new Set<string>();
  private readonly policy: DrainPolicy;
  private readonly faults: readonly Fault[];
  private readonly slotFreeAtMs: number;
  private loadBalancers: Observed['loadBalancers'] = 'not-asked';
  private attempts = new Map<string, Attempt>();
  private slot: DrainSlot = 'not-asked';
  private handOver: HandOver = 'denied';

  constructor(
    node: NodeView,
    pods: readonly SimulatedPod[],
    policy: DrainPolicy,
    faults: readonly Fault[] = [],
    slotFreeAtMs = start,
  ) {
    this.node = node;
    this.pods = [...pods];
    this.policy = policy;
    this.faults = faults;
    this.slotFreeAtMs = slotFreeAtMs;
  }

  /** Runs the agent until `untilMs`; `notices` says what stands at a time, `people` may touch the node in between. */
  run(
    notices: (nowMs: number) => readonly Notice[],
    untilMs: number,
    people: (node: NodeView, nowMs: number) => NodeView = (node) => node,
  ): void {
    while (this.nowMs < untilMs) {
      this.kubelet();
      this.node = people(this.node, this.nowMs);
      if (this.has('agent-dead')) this.forget();
      const wakeAtMs = this.has('agent-dead') ? undefined : this.turn(notices(this.nowMs));
      // The poll interval is the longest that an agent sleeps.
      this.nowMs = Math.min(untilMs, this.nowMs + 2_000, Math.max(this.nowMs + 50, wakeAtMs ?? Infinity));
    }
  }

  private has(kind: Fault['kind']): boolean {
    return this.faults.some(
      (one) => one.kind === kind && one.fromMs <= this.nowMs && this.nowMs < one.untilMs,
    );
  }

  private forget(): void {
    this.attempts = new Map();
    this.slot = 'not-asked';
  }

  private kubelet(): void {
    this.pods = this.pods.filter(
      (pod) => pod.deletionEndsAtMs === undefined || pod.deletionEndsAtMs > this.nowMs,
    );
  }

  private turn(notices: readonly Notice[]): number | undefined {
    if (this.has('api-away')) return this.nowMs + 1_000;
    for (let round = 0; round < 6; round += 1) {
      const observed = observedNode({
        node: this.node,
        pods: round === 0 ? undefined : this.pods,
        attempts: this.attempts,
        slot: this.slot,
        handOver: this.handOver,
        loadBalancers: this.loadBalancers,
      });
      const made = plan(notices, observed, this.policy, this.nowMs);
      const again = made.steps.map((step) => this.apply(step)).includes('again');
      if (!again) return made.wakeAtMs;
    }
    return this.nowMs + 100;
  }

  private apply(step: Step): 'again' | undefined {
    switch (step.kind) {
      case 'change-node':
        if (this.has('conflict') || step.change.resourceVersion !== this.node.resourceVersion)
          return undefined;
        this.node = changedNode(this.node, step.change);
        return 'again';
      case 'set-condition':
        this.node = { ...this.node, condition: { status: step.status, reason: step.reason } };
        return undefined;
      case 'tell':
        this.told.add(step.id);
        return undefined;
      case 'list-pods':
        return 'again';
      case 'look-for-load-balancers':
        this.loadBalancers = 'some';
        return 'again';
      case 'acquire-slot':
        this.slot = this.nowMs >= this.slotFreeAtMs ? 'held' : 'waiting';
        return this.slot === 'held' ? 'again' : undefined;
      case 'release-slot':
        this.slot = 'not-asked';
        return undefined;
      case 'queue-again':
        this.slot = 'waiting';
        return undefined;
      case 'end-risk':
        return undefined;
      case 'put-at-risk':
      case 'hand-over':
        this.handOver = 'denied';
        return 'again';
      case 'evict':
        this.evict(step.pod, step.graceSeconds);
        return undefined;
      case 'delete':
        this.remove(step.pod, step.graceSeconds);
        this.asked.push({
          atMs: this.nowMs,
          pod: step.pod.name,
          how: step.graceSeconds === 0 ? 'force' : 'delete',
          accepted: true,
          graceSeconds: step.graceSeconds,
        });
        return undefined;
    }
  }

  private evict(pod: PodView, graceSeconds: number | undefined): void {
    const target = this.pods.find((one) => one.uid === pod.uid);
    const accepted = target !== undefined && target.freeAtMs <= this.nowMs;
    this.asked.push({ atMs: this.nowMs, pod: pod.name, how: 'evict', accepted, graceSeconds });
    if (accepted) this.remove(pod, graceSeconds ?? pod.graceMs / 1_000);
    const before = this.attempts.get(pod.uid);
    this.attempts.set(pod.uid, {
      firstAtMs: before?.firstAtMs ?? this.nowMs,
      result: accepted ? 'evicted' : 'blocked',
      nextAtMs: this.nowMs + 1_000,
    });
  }

  private remove(pod: PodView, graceSeconds: number): void {
    const endsAtMs = this.nowMs + graceSeconds * 1_000;
    this.pods = this.pods.map((one) => (one.uid === pod.uid ? { ...one, deletionEndsAtMs: endsAtMs } : one));
  }
}

export function changedNode(node: NodeView, change: NodeChange): NodeView {
  return {
    ...node,
    resourceVersion: String(Number(node.resourceVersion) + 1),
    annotations: merged(node.annotations, change.annotations),
    labels: merged(node.labels, change.labels),
    taints: change.taints ?? node.taints,
    unschedulable: change.unschedulable ?? node.unschedulable,
  };
}

function merged(
  before: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const all = Object.entries({ ...before, ...patch });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}
