import { fleetView, type FleetNodes } from '../../decision/fleet-view.ts';
import type { ScaleUpDecision } from '../../decision/decision.ts';
import type { FleetView } from '../../decision/knowledge.ts';

interface Answered extends Omit<FleetNodes, 'nodes'> {
  readonly atMs: number;
  readonly nodes: number;
}

/** How long a node that was answered for counts as running where nobody tells that it has gone. */
const countedMs = 6 * 3_600_000;
const mostAnswers = 2_000;

/**
 * Where no node is watched: what was answered lately stands for the fleet. Of a group over several pools each has its part; an
 * answer of several ids counts for none, since the autoscaler draws.
 */
export class AnsweredFleet {
  readonly #vcpusOf: (instanceType: string) => number | undefined;
  #answers: readonly Answered[] = [];

  constructor(vcpusOf: (instanceType: string) => number | undefined) {
    this.#vcpusOf = vcpusOf;
  }

  answered({ answer, ranked }: ScaleUpDecision, atMs: number): void {
    const [id, ...others] = answer;
    const chosen = ranked.find((candidate) => candidate.id === id);
    if (chosen === undefined || others.length > 0 || chosen.pools.length === 0) return;
    const nodes = chosen.nodeCount / chosen.pools.length;
    const parts = chosen.pools.map(({ instanceType, zone, capacityType }) => ({
      ...{ instanceType, zone, capacityType, nodes, atMs, nodeGroupId: chosen.id },
      vcpus: this.#vcpusOf(instanceType) ?? chosen.vcpu ?? 4,
    }));
    this.#answers = [...this.#recent(atMs), ...parts].slice(-mostAnswers);
  }

  /** Undefined until something was answered. */
  view(nowMs: number): FleetView | undefined {
    const recent = this.#recent(nowMs);
    return recent.length === 0 ? undefined : fleetView('answers', recent);
  }

  #recent(nowMs: number): readonly Answered[] {
    return this.#answers.filter(({ atMs }) => nowMs - atMs < countedMs);
  }
}
