import type { ScaleUpDecision } from '../../decision/decision.ts';
import { capacityTypeOf, groupNameOf, instanceTypeOf, zoneOf } from '../../decision/node-labels.ts';
import type { NodeTemplate, ScaleUpRequest } from '../../decision/scale-up-request.ts';

/** Groups that were on offer and not answered, alike to one that was but for their zone. */
interface Answered {
  readonly names: ReadonlySet<string>;
  readonly passedOver: ReadonlySet<string>;
  readonly atMs: number;
}

/** An autoscaler gives a node 15 minutes to come. */
const watchedMs = 15 * 60_000;
const mostAnswers = 64;
/** A single node may be a person's doing. */
const nodesThatTell = 2;

/**
 * Whether the autoscaler spreads what was answered over groups that were not: with `--balance-similar-node-groups` it feeds all
 * groups alike but for zone, those that were dropped or rest too. Nodes that come to such groups soon after an answer tell.
 */
export class BalancedGroups {
  private answers: readonly Answered[] = [];
  private nodes = 0;

  /** Times are durations of one clock. */
  answered(request: ScaleUpRequest, { answer }: ScaleUpDecision, atMs: number): void {
    if (answer.length !== 1) return;
    const [id = ''] = answer;
    const chosen = request.nodes.get(id);
    const name = chosen === undefined ? undefined : groupNameOf(chosen.labels);
    if (chosen === undefined || name === undefined) return;
    const passedOver = request.options.flatMap(({ nodeGroupId }) => {
      const other = nodeGroupId === id ? undefined : request.nodes.get(nodeGroupId);
      const otherName = other === undefined ? undefined : groupNameOf(other.labels);
      return other === undefined || otherName === undefined || !areAlike(chosen, other) ? [] : otherName;
    });
    this.answers = [
      ...this.answers.filter((one) => atMs - one.atMs <= watchedMs),
      { names: new Set([name]), passedOver: new Set(passedOver.filter((one) => one !== name)), atMs },
    ].slice(-mostAnswers);
  }

  /**
   * A node has come to this group.
   * @returns `passed-over`: to one that was not answered; `balanced`: and this is no accident any more
   */
  appeared(groupName: string, atMs: number): 'passed-over' | 'balanced' | undefined {
    const recent = this.answers.filter((one) => atMs - one.atMs <= watchedMs);
    if (recent.some(({ names }) => names.has(groupName))) return undefined;
    if (!recent.some(({ passedOver }) => passedOver.has(groupName))) return undefined;
    this.nodes += 1;
    return this.nodes >= nodesThatTell ? 'balanced' : 'passed-over';
  }
}

function areAlike({ labels: one }: NodeTemplate, { labels: other }: NodeTemplate): boolean {
  return (
    instanceTypeOf(one) === instanceTypeOf(other) &&
    capacityTypeOf(one) === capacityTypeOf(other) &&
    zoneOf(one) !== zoneOf(other)
  );
}
