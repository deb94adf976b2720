import type { InstanceTypeFacts } from './knowledge.ts';
import { unitsOf } from './node-value.ts';
import { sizeOfType } from './scale-up-candidates.ts';

export interface PricedType {
  readonly facts: InstanceTypeFacts;
  readonly onDemandPerHour: number;
}

/** The middle price of a unit on demand, over types without and with accelerators. Undefined where no type has a price. */
export function onDemandPerUnitOf(
  types: Iterable<PricedType>,
): (kind: 'plain' | 'accelerated') => number | undefined {
  const plain: number[] = [];
  const accelerated: number[] = [];
  for (const { facts, onDemandPerHour } of types) {
    const units = unitsOf(sizeOfType(facts));
    if (units > 0 && onDemandPerHour > 0)
      (facts.gpus > 0 ? accelerated : plain).push(onDemandPerHour / units);
  }
  const middles = { plain: middleOf(plain), accelerated: middleOf(accelerated) };
  return (kind) => middles[kind];
}

function middleOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
