import type { NodeView, PodView } from '../drain/observed.ts';
import type { Step } from '../drain/steps.ts';
import type { InstanceIdentity } from '../ports/instance-metadata.ts';
import type { AgentPorts } from './agent-ports.ts';

type Announcement = Extract<Step, { kind: 'tell' }>;

/** Tells the cluster and the webhook, once per id, beside the drain and never in its way. */
export class Announcer {
  private readonly announcedIds = new Set<string>();
  private readonly open = new Set<Promise<void>>();
  private readonly ports: Pick<AgentPorts, 'cluster' | 'webhook' | 'clock' | 'telemetry'>;
  private readonly identity: InstanceIdentity;
  private readonly stop = new AbortController();
  private readonly tellsOfPods: boolean;
  private node: NodeView | undefined;

  constructor(ports: Announcer['ports'], identity: InstanceIdentity, tellsOfPods = false) {
    this.ports = ports;
    this.tellsOfPods = tellsOfPods;
    this.identity = identity;
  }

  tell(step: Announcement, node: NodeView): void {
    this.node = node;
    if (this.announcedIds.has(step.id)) return;
    this.announcedIds.add(step.id);
    this.beside(this.telling(step, node));
  }

  /** An Event for a pod that has been asked to leave, where that was chosen; the webhook is told of nodes only. */
  tellOfPod(pod: PodView, reason: string): void {
    const { node } = this;
    if (!this.tellsOfPods || node === undefined) return;
    this.beside(this.tellingOfPod(pod, reason, node));
  }

  private beside(work: Promise<void>): void {
    const telling = work.finally(() => this.open.delete(telling));
    this.open.add(telling);
  }

  private async tellingOfPod(pod: PodView, why: string, node: NodeView): Promise<void> {
    const { cluster, telemetry, clock } = this.ports;
    const id = `${pod.uid}/evicted`;
    const message = `asked to leave ${node.name}: ${why}`;
    const event = {
      id,
      reason: 'SpotPodEvicted',
      message,
      type: 'Warning',
      atMs: clock.nowMs(),
      pod,
    } as const;
    try {
      await cluster.tell(event, node, this.stop.signal);
    } catch (error) {
      telemetry.eventFailed(id, error);
    }
  }

  /** Waits a moment for what is on its way. */
  async close(graceMs: number): Promise<void> {
    const limit = setTimeout(() => this.stop.abort(new Error('the agent stops')), graceMs);
    await Promise.allSettled(this.open);
    clearTimeout(limit);
  }

  private async telling(step: Announcement, node: NodeView): Promise<void> {
    const { cluster, webhook, telemetry, clock } = this.ports;
    const atMs = clock.nowMs();
    const isNormal = step.reason === 'SpotNodeDrained' || step.reason === 'SpotSignalReverted';
    const event = { ...step, type: isNormal ? 'Normal' : 'Warning', atMs } as const;
    try {
      // An agent that was restarted finds its predecessor's Event, and the webhook has had it too.
      if ((await cluster.tell(event, node, this.stop.signal)) === 'known') return;
    } catch (error) {
      telemetry.eventFailed(step.id, error);
    }
    if (webhook === undefined) return;
    const { instanceId, instanceType, zone } = this.identity;
    const { id, reason, message } = step;
    const time = new Date(atMs).toISOString();
    telemetry.webhookTold(
      await webhook.send(
        { id, reason, message, node: node.name, instanceId, instanceType, zone, time },
        this.stop.signal,
      ),
    );
  }
}
