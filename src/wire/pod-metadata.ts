import { FieldCursor, wireType } from './field-cursor.ts';
import { utf8Text } from './text.ts';

/** Field numbers of k8s.io/apimachinery's ObjectMeta and OwnerReference, see proto/kube_core_v1.proto. */
const metadata = { uid: 5, annotations: 12, ownerReferences: 13 } as const;
const entry = { key: 1, value: 2 } as const;
const ownerReference = { kind: 1, controller: 6 } as const;

/** Kubernetes' own have 36 characters. */
const longestUid = 64;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const safeToEvict = bytesOf('cluster-autoscaler.kubernetes.io/safe-to-evict');
const values = { true: bytesOf('true'), false: bytesOf('false') } as const;

/** Controllers whose pods the autoscaler moves as it stands; those of any other it leaves where they are. */
const replicatedKinds = ['ReplicaSet', 'StatefulSet', 'Job', 'ReplicationController'].map(bytesOf);

export interface PodMetadata {
  /** Empty when there is none. */
  readonly uid: string;
  readonly onScaleDown: 'moves' | 'stays';
}

/** Reads what scoring needs of a pod's ObjectMeta; texts are compared as bytes, since most of them are nothing that counts. */
export class PodMetadataReader {
  readonly #metadata: FieldCursor;
  readonly #part: FieldCursor;

  constructor(bytes: Uint8Array) {
    this.#metadata = new FieldCursor(bytes);
    this.#part = new FieldCursor(bytes);
  }

  /**
   * Undefined when the bytes are broken: the pod counts all the same. Uids are remembered between requests, so each is decoded
   * for itself: a cut out of a stretch would keep the whole stretch.
   */
  read(start: number, end: number): PodMetadata | undefined {
    let uid = '';
    let evictable: keyof typeof values | undefined;
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

  /** What the autoscaler's annotation says; undefined for any other entry, most of which their length alone tells. */
  #safeToEvictIn(start: number, end: number): keyof typeof values | undefined {
    const length = end - start - safeToEvict.length;
    if (length < 2 || length > 16) return undefined;
    let isKey = false;
    let said: keyof typeof values | undefined;
    const message = this.#part;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      if (message.field === entry.key) isKey = isText(message, safeToEvict);
      else if (message.field === entry.value)
        said = isText(message, values.true) ? 'true' : isText(message, values.false) ? 'false' : undefined;
    }
    return isKey && !message.broken ? said : undefined;
  }

  /** True for the one owner that controls the pod, if it is of a kind that replaces what is evicted. */
  #isReplicating(start: number, end: number): boolean {
    let isKind = false;
    let controls = false;
    const message = this.#part;
    message.enter(start, end);
    while (message.next()) {
      if (message.field === ownerReference.kind && message.type === wireType.bytes)
        isKind = replicatedKinds.some((kind) => isText(message, kind));
      else if (message.field === ownerReference.controller && message.type === wireType.varint)
        controls = message.value !== 0;
    }
    return controls && isKind && !message.broken;
  }
}

function isText({ bytes, start, end }: FieldCursor, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text[at]) return false;
  return true;
}
