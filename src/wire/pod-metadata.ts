import { FieldCursor, wireType } from './field-cursor.ts';
import { utf8Text, type TextReader } from './text.ts';

/** Field numbers of k8s.io/apimachinery's ObjectMeta and OwnerReference, see proto/kube_core_v1.proto. */
const metadata = { uid: 5, annotations: 12, ownerReferences: 13 } as const;
const entry = { key: 1, value: 2 } as const;
const ownerReference = { kind: 1, controller: 6 } as const;

/** Kubernetes' own have 36 characters. */
const longestUid = 64;

const safeToEvict = 'cluster-autoscaler.kubernetes.io/safe-to-evict';

/** Controllers whose pods the autoscaler moves as it stands; those of any other it leaves where they are. */
const replicatedKinds: ReadonlySet<string> = new Set([
  'ReplicaSet',
  'StatefulSet',
  'Job',
  'ReplicationController',
]);

export interface PodMetadata {
  /** Empty when there is none. */
  readonly uid: string;
  readonly onScaleDown: 'moves' | 'stays';
}

/** Reads what scoring needs of a pod's ObjectMeta. */
export class PodMetadataReader {
  readonly #texts: TextReader;
  readonly #metadata: FieldCursor;
  readonly #part: FieldCursor;

  constructor(bytes: Uint8Array, texts: TextReader) {
    this.#texts = texts;
    this.#metadata = new FieldCursor(bytes);
    this.#part = new FieldCursor(bytes);
  }

  /**
   * Undefined when the bytes are broken: the pod counts all the same. Uids are remembered between requests, so each is decoded
   * for itself: a cut out of a stretch would keep the whole stretch.
   */
  read(start: number, end: number): PodMetadata | undefined {
    let uid = '';
    let evictable: string | undefined;
    let isReplicated = false;
    const message = this.#metadata;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      if (message.field === metadata.uid) {
        const isUid = message.end - message.start <= longestUid;
        uid = isUid ? (utf8Text(message.bytes, message.start, message.end) ?? '') : '';
      } else if (message.field === metadata.annotations) {
        evictable = this.#safeToEvictIn(message.start, message.end) ?? evictable;
      } else if (message.field === metadata.ownerReferences) {
        isReplicated ||= this.#isReplicating(message.start, message.end);
      }
    }
    if (message.broken) return undefined;
    const moves = evictable === 'true' || (isReplicated && evictable !== 'false');
    return { uid, onScaleDown: moves ? 'moves' : 'stays' };
  }

  /** The value of the autoscaler's annotation; undefined for any other entry, most of which their length alone tells. */
  #safeToEvictIn(start: number, end: number): string | undefined {
    const length = end - start - safeToEvict.length;
    if (length < 2 || length > 16) return undefined;
    let isKey = false;
    let value = '';
    const message = this.#part;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      const text = this.#texts.at(message.start, message.end);
      if (message.field === entry.key) isKey = text === safeToEvict;
      else if (message.field === entry.value) value = text;
    }
    return isKey && !message.broken ? value : undefined;
  }

  /** True for the one owner that controls the pod, if it is of a kind that replaces what is evicted. */
  #isReplicating(start: number, end: number): boolean {
    let kind = '';
    let controls = false;
    const message = this.#part;
    message.enter(start, end);
    while (message.next()) {
      if (message.field === ownerReference.kind && message.type === wireType.bytes)
        kind = this.#texts.at(message.start, message.end);
      else if (message.field === ownerReference.controller && message.type === wireType.varint)
        controls = message.value !== 0;
    }
    return controls && !message.broken && replicatedKinds.has(kind);
  }
}
