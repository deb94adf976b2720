import type { NodeTemplate, ScaleUpOption, ScaleUpRequest } from '../decision/scale-up-request.ts';
import { MalformedRequest } from '../errors/malformed-request.ts';
import { DistinctPods } from './distinct-pods.ts';
import { FieldCursor, wireType } from './field-cursor.ts';
import { TextReader, utf8Text } from './text.ts';
import { NodeReader } from './node.ts';
import type { WireOption } from './option-reader.ts';
import { OptionReader } from './option-reader.ts';
import type { SameBytes } from './same-bytes.ts';
import { sameBytesByWords } from './same-bytes.ts';

const request = { options: 1, nodeMap: 2, nodeBytesMap: 3 } as const;
const mostOptions = 1_000_000;
const mostNodes = 1_000_000;

/**
 * Reads a BestOptionsRequest of any autoscaler: embedded messages (1.24 to 1.34.1), raw bytes (1.35 and later) or both.
 * Pods and nodes stay slices of `bytes` until they are decoded, once each; the result holds no reference to `bytes`.
 *
 * A pod or node that does not decode is skipped and counted. An option without an id is skipped. Options of one id become one option
 * with the larger node count and all of their pods.
 *
 * @param sameBytes how two stretches of `bytes` are compared; a memcmp where there is one
 * @throws MalformedRequest when the bytes are no BestOptionsRequest, an id is not UTF-8, or there is more of anything than a cluster has
 */
export function readBestOptions(
  bytes: Uint8Array,
  sameBytes: SameBytes = sameBytesByWords(bytes),
): ScaleUpRequest {
  const texts = new TextReader(bytes);
  const distinct = new DistinctPods(bytes, texts, sameBytes);
  const optionReader = new OptionReader(bytes, distinct, sameBytes);
  const options = new Map<string, WireOption[]>();
  const slices = new NodeSlices(bytes);
  const message = new FieldCursor(bytes);
  while (message.next()) {
    if (message.type !== wireType.bytes) continue;
    if (message.field === request.options) {
      const option = optionReader.read(message.start, message.end);
      if (option === undefined) continue;
      const same = options.get(option.nodeGroupId);
      if (same === undefined) options.set(option.nodeGroupId, [option]);
      else same.push(option);
      if (options.size > mostOptions) throw new MalformedRequest('the request holds too many options');
    } else if (message.field === request.nodeMap || message.field === request.nodeBytesMap) {
      slices.add(message.field, message.start, message.end);
    }
  }
  if (message.broken) throw new MalformedRequest('the request is no BestOptionsRequest: cut off or garbled');
  const { nodes, unreadable } = slices.decoded(texts);
  return {
    options: [...options.values()].map(merged) satisfies readonly ScaleUpOption[],
    pods: distinct.pods,
    nodes,
    unreadable: { pods: distinct.unreadable, nodes: unreadable },
  };
}

/** Each pod once, in the order in which the options name them. */
function merged(same: readonly WireOption[]): WireOption {
  const [first, ...others] = same;
  if (first === undefined) throw new RangeError('no options to merge');
  if (others.length === 0) return first;
  const lists = new Set(same.map(({ pods }) => pods));
  const pods = new Set<number>();
  if (lists.size > 1) for (const list of lists) for (const pod of list) pods.add(pod);
  return {
    nodeGroupId: first.nodeGroupId,
    nodeCount: same.reduce((most, { nodeCount }) => Math.max(most, nodeCount), 0),
    pods: lists.size === 1 ? first.pods : Uint32Array.from(pods),
  };
}

/** The entries of the node maps, as slices by node group id. Raw nodes (field 3) outrank embedded ones (field 2). */
class NodeSlices {
  readonly #bytes: Uint8Array;
  readonly #entry: FieldCursor;
  readonly #byId = new Map<string, readonly [start: number, end: number]>();
  #field: number = request.nodeMap;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#entry = new FieldCursor(bytes);
  }

  add(field: number, start: number, end: number): void {
    if (field < this.#field) return;
    if (field > this.#field) this.#byId.clear();
    this.#field = field;
    const entry = this.#entry;
    entry.enter(start, end);
    let id: string | undefined = '';
    let node: readonly [number, number] = [0, 0];
    while (entry.next()) {
      if (entry.type !== wireType.bytes) continue;
      if (entry.field === 1) id = utf8Text(this.#bytes, entry.start, entry.end);
      else if (entry.field === 2) node = [entry.start, entry.end];
    }
    if (entry.broken) throw new MalformedRequest(`the node at byte ${start} is cut off or garbled`);
    if (id === undefined) throw new MalformedRequest(`the node's group id at byte ${start} is not UTF-8`);
    this.#byId.set(id, node);
    if (this.#byId.size > mostNodes) throw new MalformedRequest('the request holds too many nodes');
  }

  decoded(texts: TextReader): { nodes: ReadonlyMap<string, NodeTemplate>; unreadable: number } {
    const reader = new NodeReader(this.#bytes, texts);
    const nodes = new Map<string, NodeTemplate>();
    for (const [id, [start, end]] of this.#byId) {
      const node = reader.read(start, end);
      if (node !== undefined) nodes.set(id, node);
    }
    return { nodes, unreadable: this.#byId.size - nodes.size };
  }
}
