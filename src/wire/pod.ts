import type { PendingPod, PreferredNodeTerm, SpreadPreference } from '../decision/scale-up-request.ts';
import { FieldCursor, wireType } from './field-cursor.ts';
import type { TextReader } from './text.ts';
import { PodMetadataReader, type PodMetadata } from './pod-metadata.ts';
import { PodPreferenceReader } from './pod-preferences.ts';
import type { Amounts } from './resource-list.ts';
import { ResourceListReader, largerOf, noAmounts, resourcesOf, sumOf } from './resource-list.ts';

/** Field numbers of k8s.io/api/core/v1, see proto/kube_core_v1.proto. */
const pod = { metadata: 1, spec: 2 } as const;
const podSpec = {
  containers: 2,
  affinity: 18,
  initContainers: 20,
  overhead: 32,
  topologySpreadConstraints: 33,
  resources: 40,
} as const;
const container = { resources: 8, restartPolicy: 24 } as const;
const requirements = { requests: 2 } as const;

/** What a pod's containers ask for so far, the way the scheduler counts. */
interface Tally {
  containers: Amounts;
  /** Sidecars: init containers that run on. */
  sidecars: Amounts;
  /** The most that start-up needs at any one time. */
  startUp: Amounts;
  overhead: Amounts;
  /** Requests of the pod as a whole; what it names outranks its containers. */
  podLevel: { cpu: boolean; memory: boolean; amounts: Amounts };
}

/** Reads marshalled v1.Pod slices of one buffer, only as far as scoring needs. */
export class PodReader {
  readonly #texts: TextReader;
  readonly #pod: FieldCursor;
  readonly #metadata: PodMetadataReader;
  readonly #spec: FieldCursor;
  readonly #container: FieldCursor;
  readonly #resources: FieldCursor;
  readonly #lists: ResourceListReader;
  readonly #preferences: PodPreferenceReader;

  constructor(bytes: Uint8Array, texts: TextReader) {
    this.#texts = texts;
    this.#pod = new FieldCursor(bytes);
    this.#metadata = new PodMetadataReader(bytes);
    this.#spec = new FieldCursor(bytes);
    this.#container = new FieldCursor(bytes);
    this.#resources = new FieldCursor(bytes);
    this.#lists = new ResourceListReader(bytes, texts);
    this.#preferences = new PodPreferenceReader(bytes, texts);
  }

  /** The pod at `start`..`end`; undefined when these bytes are no pod. Every marshalled pod has a spec, if an empty one. */
  read(start: number, end: number): PendingPod | undefined {
    let read: PendingPod | undefined;
    let metadata: PodMetadata | undefined;
    const message = this.#pod;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      if (message.field === pod.metadata) metadata = this.#metadata.read(message.start, message.end);
      if (message.field !== pod.spec) continue;
      read = this.#specOf(message.start, message.end);
      if (read === undefined) return undefined;
    }
    if (message.broken || read === undefined) return undefined;
    if (metadata === undefined) return read;
    const { uid, onScaleDown } = metadata;
    return uid === '' ? { ...read, onScaleDown } : { ...read, uid, onScaleDown };
  }

  #specOf(start: number, end: number): PendingPod | undefined {
    const tally: Tally = {
      containers: noAmounts,
      sidecars: noAmounts,
      startUp: noAmounts,
      overhead: noAmounts,
      podLevel: { cpu: false, memory: false, amounts: noAmounts },
    };
    let preferredNodeTerms: readonly PreferredNodeTerm[] | undefined = [];
    const spreadPreferences: SpreadPreference[] = [];
    const spec = this.#spec;
    spec.enter(start, end);
    while (spec.next()) {
      if (spec.type !== wireType.bytes) continue;
      if (spec.field === podSpec.affinity) {
        preferredNodeTerms = this.#preferences.preferredTerms(spec.start, spec.end);
        if (preferredNodeTerms === undefined) return undefined;
      } else if (spec.field === podSpec.topologySpreadConstraints) {
        const spread = this.#preferences.spread(spec.start, spec.end);
        if (spread === undefined) return undefined;
        if (spread !== 'required') spreadPreferences.push(spread);
      } else if (!this.#counted(tally, spec.field, spec.start, spec.end)) return undefined;
    }
    if (spec.broken) return undefined;
    return { requests: resourcesOf(requested(tally)), preferredNodeTerms, spreadPreferences };
  }

  /** False when the field does not parse. */
  #counted(tally: Tally, field: number, start: number, end: number): boolean {
    if (field === podSpec.containers || field === podSpec.initContainers) {
      return this.#containerCounted(tally, field === podSpec.initContainers, start, end);
    }
    if (field === podSpec.overhead) {
      const overhead = this.#lists.withEntry(tally.overhead, start, end);
      if (overhead === undefined) return false;
      tally.overhead = overhead;
    }
    if (field === podSpec.resources) {
      const amounts = this.#requests(start, end, absent);
      if (amounts === undefined) return false;
      tally.podLevel = {
        cpu: !Number.isNaN(amounts.cpuNano),
        memory: !Number.isNaN(amounts.memoryBytes),
        amounts,
      };
    }
    return true;
  }

  #containerCounted(tally: Tally, isInit: boolean, start: number, end: number): boolean {
    let requests: Amounts | undefined = noAmounts;
    let runsOn = false;
    const message = this.#container;
    message.enter(start, end);
    while (message.next()) {
      if (message.type !== wireType.bytes) continue;
      if (message.field === container.resources) {
        requests = this.#requests(message.start, message.end, noAmounts);
        if (requests === undefined) return false;
      } else if (isInit && message.field === container.restartPolicy) {
        runsOn = this.#texts.at(message.start, message.end) === 'Always';
      }
    }
    if (message.broken) return false;
    if (!isInit) tally.containers = sumOf(tally.containers, requests);
    else if (runsOn) {
      tally.sidecars = sumOf(tally.sidecars, requests);
      tally.startUp = largerOf(tally.startUp, tally.sidecars);
    } else tally.startUp = largerOf(tally.startUp, sumOf(requests, tally.sidecars));
    return true;
  }

  #requests(start: number, end: number, from: Amounts): Amounts | undefined {
    let amounts = from;
    const message = this.#resources;
    message.enter(start, end);
    while (message.next()) {
      if (message.field !== requirements.requests || message.type !== wireType.bytes) continue;
      const next = this.#lists.withEntry(amounts, message.start, message.end);
      if (next === undefined) return undefined;
      amounts = next;
    }
    return message.broken ? undefined : amounts;
  }
}

/** Not asked for at all, which for a pod-level request is not the same as zero. */
const absent: Amounts = { cpuNano: Number.NaN, memoryBytes: Number.NaN, gpus: 0 };

/**
 * The request of the whole pod, as the scheduler's own `PodRequests` counts it: containers and sidecars together, or the most that
 * start-up needs if that is more; replaced by what the pod asks for as a whole; plus overhead.
 */
function requested(tally: Tally): Amounts {
  const byContainers = largerOf(sumOf(tally.containers, tally.sidecars), tally.startUp);
  const { cpu, memory, amounts } = tally.podLevel;
  const whole: Amounts = {
    cpuNano: cpu ? amounts.cpuNano : byContainers.cpuNano,
    memoryBytes: memory ? amounts.memoryBytes : byContainers.memoryBytes,
    gpus: byContainers.gpus,
  };
  return sumOf(whole, tally.overhead);
}
