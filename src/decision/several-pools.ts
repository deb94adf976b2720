/**
 * One number for a group over several pools, of which nobody knows beforehand where a node will land: the mean of all,
 * drawn towards the worst (highest) by `worstWeight` (0..1). Undefined for no values.
 * It never falls when a value rises, so that a group with a cheaper and safer pool is never worse for it.
 */
export function expectedAndWorst(values: readonly number[], worstWeight: number): number | undefined {
  const [first] = values;
  if (first === undefined || values.length === 1) return first;
  let sum = 0;
  let worst = first;
  for (const value of values) {
    sum += value;
    if (value > worst) worst = value;
  }
  return (1 - worstWeight) * (sum / values.length) + worstWeight * worst;
}

/** What is known of some of many, in their order. */
export function known<Given, Fact>(
  many: readonly Given[],
  look: (given: Given) => Fact | undefined,
): readonly Fact[] {
  const found: Fact[] = [];
  for (const one of many) {
    const fact = look(one);
    if (fact !== undefined) found.push(fact);
  }
  return found;
}

export function mean(values: readonly number[]): number | undefined {
  return expectedAndWorst(values, 0);
}
