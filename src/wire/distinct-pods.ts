import type { PendingPod } from '../decision/scale-up-request.ts';
import type { TextReader } from './text.ts';
import { PodReader } from './pod.ts';
import type { SameBytes } from './same-bytes.ts';

/** Names and uids stand at the head of a pod, so that this much tells pods apart. */
const hashedBytes = 256;
/** Bytes that were made to collide stop being recognised as repeats; they never cost more than this many comparisons each. */
const longestChain = 16;
const unreadable = -1;

/**
 * The pods of one request, each distinct one decoded once. The autoscaler repeats the same pods, mostly in the same order, in every
 * option: the pod that followed last time is tried first, and only pods that are new or out of order are hashed.
 */
export class DistinctPods {
  readonly pods: PendingPod[] = [];
  unreadable = 0;
  readonly #bytes: Uint8Array;
  readonly #words: DataView;
  readonly #sameBytes: SameBytes;
  readonly #reader: PodReader;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  /** Index into `pods`, or -1 for a slice that is no pod. */
  readonly #indices: number[] = [];
  readonly #byHash = new Map<number, number[]>();
  /** The slice that came after slice i when it was last seen. */
  readonly #followers: number[] = [];
  #previous = -1;

  constructor(bytes: Uint8Array, texts: TextReader, sameBytes: SameBytes) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#sameBytes = sameBytes;
    this.#reader = new PodReader(bytes, texts);
  }

  /** The next pod begins an option. */
  beginOption(): void {
    this.#previous = -1;
  }

  /** Index into {@link pods} of the pod at `start`..`end`; undefined, and counted once per distinct slice, when it is no pod. */
  indexOf(start: number, end: number): number | undefined {
    const length = end - start;
    const slice = this.#expected(start, length) ?? this.#hashed(start, length);
    if (this.#previous >= 0) this.#followers[this.#previous] = slice;
    this.#previous = slice;
    const index = this.#indices[slice] ?? unreadable;
    return index === unreadable ? undefined : index;
  }

  #expected(start: number, length: number): number | undefined {
    const slice = this.#previous < 0 ? 0 : (this.#followers[this.#previous] ?? -1);
    return this.#is(slice, start, length) ? slice : undefined;
  }

  #is(slice: number, start: number, length: number): boolean {
    return (
      this.#lengths[slice] === length && this.#sameBytes(this.#bytes, this.#starts[slice] ?? 0, start, length)
    );
  }

  #hashed(start: number, length: number): number {
    const hash = this.#hash(start, length);
    const chain = this.#byHash.get(hash);
    if (chain === undefined) {
      const slice = this.#added(start, length);
      this.#byHash.set(hash, [slice]);
      return slice;
    }
    for (const slice of chain) if (this.#is(slice, start, length)) return slice;
    const slice = this.#added(start, length);
    if (chain.length < longestChain) chain.push(slice);
    return slice;
  }

  #hash(start: number, length: number): number {
    const end = start + Math.min(length, hashedBytes);
    let hash = 0x811c_9dc5 ^ length;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ this.#words.getInt32(at, true), 0x0100_0193);
      hash ^= hash >>> 15;
    }
    for (; at < end; at += 1) hash = Math.imul(hash ^ (this.#bytes[at] ?? 0), 0x0100_0193);
    return hash;
  }

  #added(start: number, length: number): number {
    const slice = this.#starts.length;
    const pod = this.#reader.read(start, start + length);
    this.#starts.push(start);
    this.#lengths.push(length);
    this.#followers.push(-1);
    if (pod === undefined) {
      this.unreadable += 1;
      this.#indices.push(unreadable);
    } else {
      this.#indices.push(this.pods.length);
      this.pods.push(pod);
    }
    return slice;
  }
}
