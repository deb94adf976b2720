import { handledAnnotation, handledOn, proofAnnotation, signalAnnotation } from './marks.ts';
import type { NodeView } from './observed.ts';
import type { NodeChange } from './steps.ts';

/** A keyed hash of a text. */
type Seal = (text: string) => string;

type Marked = Pick<NodeView, 'uid' | 'annotations'>;

/** What of a Node's marks an agent of this node has written itself. */
export interface Proven {
  readonly signal: boolean;
  readonly handled: boolean;
}

/** The change, with the proof of what the Node's marks are after it. */
export function sealedChange(change: NodeChange, node: Marked, seal: Seal): NodeChange {
  const after = (key: string) => {
    const changed = change.annotations[key];
    return changed === undefined ? node.annotations[key] : (changed ?? undefined);
  };
  const [signal, handled] = [after(signalAnnotation), after(handledAnnotation)];
  const proof = [sealOf(seal, node, 'signal', signal), sealOf(seal, node, 'handled', handled)].join('.');
  return { ...change, annotations: { ...change.annotations, [proofAnnotation]: proof } };
}

/** Whoever may write the Node can write a mark; who knows the key of this node's agents can prove it. */
export function provenOn(node: Marked, seal: Seal): Proven {
  const [signal = '', handled = ''] = (node.annotations[proofAnnotation] ?? '').split('.');
  const holds = (proof: string, name: string, text: string | undefined) =>
    text === undefined || (proof !== '' && proof === sealOf(seal, node, name, text));
  return {
    signal: holds(signal, 'signal', node.annotations[signalAnnotation]),
    handled: holds(handled, 'handled', node.annotations[handledAnnotation]),
  };
}

function sealOf(seal: Seal, { uid }: Marked, name: string, text: string | undefined): string {
  return text === undefined ? '' : seal(`${uid}\n${name}\n${text}`);
}

/**
 * The Node with what may be believed of the notices that it calls done. That a recommendation is done with may be said by
 * anybody: at worst a node stays that would have been drained early. That a termination is done with, by this node's agents only.
 */
export function believed(node: NodeView, proven: Proven, ownHandled: ReadonlySet<string>): NodeView {
  if (proven.handled) return node;
  const ids = handledOn(node).filter((id) => id.startsWith('rebalance/') || ownHandled.has(id));
  return { ...node, annotations: { ...node.annotations, [handledAnnotation]: JSON.stringify(ids) } };
}

/** The Node as if no mark stood on it; what is ours to take back stays listed. */
export function withoutMark(node: NodeView): NodeView {
  return {
    ...node,
    annotations: Object.fromEntries(
      Object.entries(node.annotations).filter(([key]) => key !== signalAnnotation),
    ),
  };
}
