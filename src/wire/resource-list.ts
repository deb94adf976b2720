import type { Resources } from '../decision/resources.ts';
import { FieldCursor, wireType } from './field-cursor.ts';
import type { TextReader } from './text.ts';
import { nanoValue, wholeValue } from './quantity.ts';

/** Amounts while they are still being added up: CPU in billionths of a core, so that it is rounded once. */
export interface Amounts {
  readonly cpuNano: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

export const noAmounts: Amounts = { cpuNano: 0, memoryBytes: 0, gpus: 0 };

/** Devices that make a node an accelerated one; a MIG slice counts as a device. */
const acceleratorNames = new Set([
  'nvidia.com/gpu',
  'nvidia.com/gpu.shared',
  'amd.com/gpu',
  'gpu.intel.com/i915',
  'gpu.intel.com/xe',
  'habana.ai/gaudi',
  'aws.amazon.com/neuron',
  'aws.amazon.com/neuroncore',
  'aws.amazon.com/neurondevice',
]);

function isAccelerator(name: string): boolean {
  return acceleratorNames.has(name) || name.startsWith('nvidia.com/mig-');
}

export function sumOf(a: Amounts, b: Amounts): Amounts {
  return {
    cpuNano: a.cpuNano + b.cpuNano,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    gpus: a.gpus + b.gpus,
  };
}

/** The larger of both, resource by resource. */
export function largerOf(a: Amounts, b: Amounts): Amounts {
  return {
    cpuNano: Math.max(a.cpuNano, b.cpuNano),
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
    gpus: Math.max(a.gpus, b.gpus),
  };
}

/** Rounded up to thousandths of a core, never below zero. */
export function resourcesOf(amounts: Amounts): Resources {
  const bounded = (amount: number): number => Math.min(Math.max(amount, 0), Number.MAX_SAFE_INTEGER);
  return {
    cpuMilli: Math.ceil(bounded(amounts.cpuNano) / 1_000_000),
    memoryBytes: bounded(amounts.memoryBytes),
    gpus: bounded(amounts.gpus),
  };
}

/** Reads `map<string, Quantity>` entries: ResourceList in Kubernetes' types. */
export class ResourceListReader {
  readonly #texts: TextReader;
  readonly #entry: FieldCursor;
  readonly #quantity: FieldCursor;

  constructor(bytes: Uint8Array, texts: TextReader) {
    this.#texts = texts;
    this.#entry = new FieldCursor(bytes);
    this.#quantity = new FieldCursor(bytes);
  }

  /** `amounts` with the entry at `start`..`end` applied; undefined when the entry or its quantity does not parse. */
  withEntry(amounts: Amounts, start: number, end: number): Amounts | undefined {
    const entry = this.#entry;
    entry.enter(start, end);
    let name = '';
    let quantity: string | undefined = '0';
    while (entry.next()) {
      if (entry.type !== wireType.bytes) continue;
      if (entry.field === 1) name = this.#texts.at(entry.start, entry.end);
      else if (entry.field === 2) quantity = this.#quantityText(entry.start, entry.end);
    }
    if (entry.broken || quantity === undefined) return undefined;
    return withAmount(amounts, name, quantity);
  }

  #quantityText(start: number, end: number): string | undefined {
    const message = this.#quantity;
    message.enter(start, end);
    let text = '0';
    while (message.next()) {
      if (message.field === 1 && message.type === wireType.bytes) {
        text = this.#texts.at(message.start, message.end);
      }
    }
    return message.broken ? undefined : text;
  }
}

function withAmount(amounts: Amounts, name: string, quantity: string): Amounts | undefined {
  if (name === 'cpu') {
    const cpuNano = nanoValue(quantity);
    return cpuNano === undefined ? undefined : { ...amounts, cpuNano };
  }
  if (name === 'memory') {
    const memoryBytes = wholeValue(quantity);
    return memoryBytes === undefined ? undefined : { ...amounts, memoryBytes };
  }
  if (!isAccelerator(name)) return amounts;
  const devices = wholeValue(quantity);
  return devices === undefined ? undefined : { ...amounts, gpus: amounts.gpus + devices };
}
