import type { NodeTemplate } from '../decision/scale-up-request.ts';
import { FieldCursor, wireType } from './field-cursor.ts';
import type { TextReader } from './text.ts';
import type { Amounts } from './resource-list.ts';
import { ResourceListReader, noAmounts, resourcesOf } from './resource-list.ts';

/** Field numbers of k8s.io/api/core/v1, see proto/kube_core_v1.proto. */
const node = { metadata: 1, spec: 2, status: 3 } as const;
const objectMeta = { name: 1, labels: 11 } as const;
const nodeSpec = { providerId: 3 } as const;
const nodeStatus = { capacity: 1, allocatable: 2 } as const;

interface Parts {
  name: string;
  labels: Record<string, string>;
  providerId: string;
  capacity: Amounts;
  allocatable: Amounts;
}

/** Reads marshalled v1.Node slices of one buffer: name, labels, provider id and amounts; conditions and images are skipped. */
export class NodeReader {
  readonly #texts: TextReader;
  readonly #node: FieldCursor;
  readonly #part: FieldCursor;
  readonly #entry: FieldCursor;
  readonly #lists: ResourceListReader;

  constructor(bytes: Uint8Array, texts: TextReader) {
    this.#texts = texts;
    this.#node = new FieldCursor(bytes);
    this.#part = new FieldCursor(bytes);
    this.#entry = new FieldCursor(bytes);
    this.#lists = new ResourceListReader(bytes, texts);
  }

  /** The node at `start`..`end`; undefined when these bytes are no node. Every marshalled node has metadata, if empty. */
  read(start: number, end: number): NodeTemplate | undefined {
    const parts: Parts = {
      name: '',
      labels: {},
      providerId: '',
      capacity: noAmounts,
      allocatable: noAmounts,
    };
    let hasMetadata = false;
    const message = this.#node;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      hasMetadata ||= message.field === node.metadata;
      if (!this.#partRead(parts, message.field, message.start, message.end)) return undefined;
    }
    if (message.broken || !hasMetadata) return undefined;
    return {
      name: parts.name,
      labels: parts.labels,
      providerId: parts.providerId,
      allocatable: resourcesOf(parts.allocatable),
      capacity: resourcesOf(parts.capacity),
    };
  }

  #partRead(parts: Parts, part: number, start: number, end: number): boolean {
    if (part !== node.metadata && part !== node.spec && part !== node.status) return true;
    const message = this.#part;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      if (part === node.metadata) {
        if (message.field === objectMeta.name) parts.name = this.#texts.at(message.start, message.end);
        else if (message.field === objectMeta.labels && !this.#label(parts, message.start, message.end))
          return false;
      } else if (part === node.spec) {
        if (message.field === nodeSpec.providerId)
          parts.providerId = this.#texts.at(message.start, message.end);
      } else if (!this.#amount(parts, message.field, message.start, message.end)) return false;
    }
    return !message.broken;
  }

  #label(parts: Parts, start: number, end: number): boolean {
    let key = '';
    let value = '';
    const entry = this.#entry;
    entry.enter(start, end);
    while (entry.next()) {
      if (entry.type !== wireType.bytes) continue;
      if (entry.field === 1) key = this.#texts.at(entry.start, entry.end);
      else if (entry.field === 2) value = this.#texts.at(entry.start, entry.end);
    }
    if (key === '__proto__') Object.defineProperty(parts.labels, key, { value, enumerable: true });
    else parts.labels[key] = value;
    return !entry.broken;
  }

  #amount(parts: Parts, field: number, start: number, end: number): boolean {
    if (field !== nodeStatus.capacity && field !== nodeStatus.allocatable) return true;
    const which = field === nodeStatus.capacity ? 'capacity' : 'allocatable';
    const amounts = this.#lists.withEntry(parts[which], start, end);
    if (amounts === undefined) return false;
    parts[which] = amounts;
    return true;
  }
}
