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
  const packings = new Map<string, ReturnType<typeof packed>>();
  return settings.groups.flatMap(({ group, facts, book }, place) => {
    const pricePerHour = book.priceAt(nowMs);
    if (!(pricePerHour > 0)) return [];
    let packing = packings.get(facts.instanceType);
    if (packing === undefined) {
      packing = packed(waiting, facts);
      packings.set(facts.instanceType, packing);
    }
    const { pods, nodeOf, nodeCount } = packing;
    if (pods.length === 0) return [];
    let cpuMilli = 0;
    let memoryMib = 0;
    for (const index of pods) {
      cpuMilli += waiting[index]?.cpuMilli ?? 0;
      memoryMib += waiting[index]?.memoryMib ?? 0;
    }
    return [
      {
        place,
        option: { group, facts, nodeCount, pods, cpuMilli, memoryMib, pricePerHour },
        pods,
        nodeOf,
        nodeCount,
      },
    ];
  });
}

export function takenOption(options: readonly PackedOption[], chosen: SimulatedOption): PackedOption {
  const one = options.find(({ option }) => option === chosen);
  if (one === undefined) throw new RangeError(`${chosen.group.id} is none of the options`);
  return one;
}
