import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { SimulationSettings } from './simulation-settings.ts';
import { packed, type SimulatedOption, type WaitingPod } from './scale-up-situation.ts';

/** An option and how its pods lie on its nodes. */
export interface PackedOption {
  readonly place: number;
  readonly option: SimulatedOption;
  readonly pods: readonly number[];
  readonly nodeOf: readonly number[];
  readonly nodeCount: number;
}

/** Groups whose pool is there now and whose nodes some pod fits. */
export function optionsFor(
  settings: SimulationSettings,
  waiting: readonly WaitingPod[],
  nowMs: number,
): readonly PackedOption[] {
  const packings = new Map<string, ReturnType<typeof packedSums>>();
  const options: PackedOption[] = [];
  settings.groups.forEach(({ group, facts, book }, place) => {
    const pricePerHour = book.priceAt(nowMs);
    if (!(pricePerHour > 0)) return;
    let packing = packings.get(facts.instanceType);
    if (packing === undefined) {
      packing = packedSums(waiting, facts);
      packings.set(facts.instanceType, packing);
    }
    const { pods, nodeOf, nodeCount, cpuMilli, memoryMib } = packing;
    if (pods.length === 0) return;
    const option = { group, facts, nodeCount, pods, cpuMilli, memoryMib, pricePerHour };
    options.push({ place, option, pods, nodeOf, nodeCount });
  });
  return options;
}

/** Every zone's group of a type packs alike. */
function packedSums(
  waiting: readonly WaitingPod[],
  facts: InstanceTypeFacts,
): ReturnType<typeof packed> & { readonly cpuMilli: number; readonly memoryMib: number } {
  const packing = packed(waiting, facts);
  let cpuMilli = 0;
  let memoryMib = 0;
  for (const index of packing.pods) {
    cpuMilli += waiting[index]?.cpuMilli ?? 0;
    memoryMib += waiting[index]?.memoryMib ?? 0;
  }
  return { ...packing, cpuMilli, memoryMib };
}

export function takenOption(options: readonly PackedOption[], chosen: SimulatedOption): PackedOption {
  const one = options.find(({ option }) => option === chosen);
  if (one === undefined) throw new RangeError(`${chosen.group.id} is none of the options`);
  return one;
}
