/** `c5.24xlarge` → `c5`. */
export function familyOfType(instanceType: string): string {
  const dot = instanceType.indexOf('.');
  return dot < 0 ? instanceType : instanceType.slice(0, dot);
}

const smallSizes: Readonly<Record<string, number>> = {
  nano: 0.125,
  micro: 0.25,
  small: 0.5,
  medium: 1,
  large: 2,
  xlarge: 4,
};

/**
 * A number that orders the sizes of one family: `large` 2, `xlarge` 4, `24xlarge` 96. Bare metal takes the whole host and
 * comes last, as does a size that is not known.
 */
export function sizeOrder(instanceType: string): number {
  const size = instanceType.slice(instanceType.indexOf('.') + 1);
  const small = smallSizes[size];
  if (small !== undefined) return small;
  const times = /^(\d+)xlarge$/.exec(size)?.[1];
  return times === undefined ? 1000 : 4 * Number(times);
}
