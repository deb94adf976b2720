import { MalformedRequest } from '../errors/malformed-request.ts';
import type { DistinctPods } from './distinct-pods.ts';
import { FieldCursor, wireType } from './field-cursor.ts';
import { utf8Text } from './text.ts';
import type { SameBytes } from './same-bytes.ts';

const option = { nodeGroupId: 1, nodeCount: 2, pod: 4, podBytes: 5 } as const;
/** Bytes; names of groups have up to 255 on AWS, and elsewhere not many more. Every sentence about a group repeats its id. */
const longestId = 1_024;
/** More pods than the largest clusters have options times pods; bytes beyond this are an attack on memory. */
const mostPodReferences = 8_000_000;

/** One option as the wire has it, before options of one id are merged. */
export interface WireOption {
  readonly nodeGroupId: string;
  readonly nodeCount: number;
  readonly pods: Uint32Array;
}

/** The pods of an option lie together after its other fields; the same stretch of bytes means the same pods. */
interface Stretch {
  readonly at: number;
  readonly pods: Uint32Array;
}

/** Reads Option messages of one buffer. */
export class OptionReader {
  readonly #bytes: Uint8Array;
  readonly #distinct: DistinctPods;
  readonly #sameBytes: SameBytes;
  readonly #cursor: FieldCursor;
  readonly #byStretchLength = new Map<number, Stretch>();
  #references = 0;
  #indices = new Uint32Array(64);

  constructor(bytes: Uint8Array, distinct: DistinctPods, sameBytes: SameBytes) {
    this.#bytes = bytes;
    this.#distinct = distinct;
    this.#sameBytes = sameBytes;
    this.#cursor = new FieldCursor(bytes);
  }

  /** The option at `start`..`end`; undefined when it names no node group: such an option cannot be answered. @throws MalformedRequest */
  read(start: number, end: number): WireOption | undefined {
    const cursor = this.#cursor;
    cursor.enter(start, end);
    let idStart = 0;
    let idEnd = 0;
    let nodeCount = 0;
    let stretch: number | undefined;
    let pods: Uint32Array | undefined;
    while (pods === undefined && cursor.next()) {
      if (cursor.type === wireType.bytes && cursor.field === option.nodeGroupId) {
        idStart = cursor.start;
        idEnd = cursor.end;
      } else if (cursor.type === wireType.varint && cursor.field === option.nodeCount) {
        nodeCount = cursor.int32;
      } else if (cursor.field === option.pod || cursor.field === option.podBytes) {
        stretch ??= cursor.tagAt;
        pods = this.#knownStretch(stretch, end);
        if (pods === undefined) break;
      }
    }
    if (cursor.broken) throw new MalformedRequest(`the option at byte ${start} is cut off or garbled`);
    if (stretch !== undefined && pods === undefined) {
      const rest = this.#podsFrom(stretch, end, nodeCount);
      ({ pods, nodeCount } = rest);
      if (rest.idEnd > 0) ({ idStart, idEnd } = rest);
    }
    if (idEnd === idStart) return undefined;
    if (idEnd - idStart > longestId)
      throw new MalformedRequest(
        `the node group id at byte ${idStart} has ${idEnd - idStart} bytes, at most ${longestId} are read`,
      );
    const nodeGroupId = utf8Text(this.#bytes, idStart, idEnd);
    if (nodeGroupId === undefined) {
      throw new MalformedRequest(`the node group id at byte ${idStart} is not UTF-8`);
    }
    return { nodeGroupId, nodeCount: Math.max(nodeCount, 1), pods: pods ?? new Uint32Array(0) };
  }

  #knownStretch(at: number, end: number): Uint32Array | undefined {
    const known = this.#byStretchLength.get(end - at);
    if (known === undefined) return undefined;
    return this.#sameBytes(this.#bytes, known.at, at, end - at) ? known.pods : undefined;
  }

  /** Reads on from the first pod. Raw pods (field 5) outrank embedded ones (field 4). */
  #podsFrom(
    at: number,
    end: number,
    nodeCountSoFar: number,
  ): { pods: Uint32Array; nodeCount: number; idStart: number; idEnd: number } {
    const rest = { nodeCount: nodeCountSoFar, idStart: 0, idEnd: 0 };
    const cursor = this.#cursor;
    const wanted = this.#holdsRawPods(at, end) ? option.podBytes : option.pod;
    let onlyPods = true;
    let count = 0;
    cursor.enter(at, end);
    this.#distinct.beginOption();
    while (cursor.next()) {
      if (cursor.type === wireType.bytes && cursor.field === wanted) {
        const index = this.#distinct.indexOf(cursor.start, cursor.end);
        if (index === undefined) continue;
        this.#references += 1;
        if (this.#references > mostPodReferences)
          throw new MalformedRequest('the options hold too many pods');
        if (count === this.#indices.length) this.#indices = grown(this.#indices);
        this.#indices[count] = index;
        count += 1;
      } else if (cursor.field !== option.pod && cursor.field !== option.podBytes) {
        onlyPods = false;
        if (cursor.type === wireType.varint && cursor.field === option.nodeCount) {
          rest.nodeCount = cursor.int32;
        } else if (cursor.type === wireType.bytes && cursor.field === option.nodeGroupId) {
          rest.idStart = cursor.start;
          rest.idEnd = cursor.end;
        }
      }
    }
    if (cursor.broken) throw new MalformedRequest(`the pods at byte ${at} are cut off or garbled`);
    const pods = this.#indices.slice(0, count);
    if (onlyPods) this.#byStretchLength.set(end - at, { at, pods });
    return { pods, ...rest };
  }

  #holdsRawPods(at: number, end: number): boolean {
    const cursor = this.#cursor;
    cursor.enter(at, end);
    while (cursor.next()) if (cursor.field === option.podBytes && cursor.type === wireType.bytes) return true;
    return false;
  }
}

function grown(indices: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(indices.length * 2);
  larger.set(indices);
  return larger;
}
