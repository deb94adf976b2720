/** Sample name → label → values, as Prometheus would store them. */
export type Exported = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** What these HTTP addresses export at `/metrics` now. */
export async function exportedMetrics(targets: readonly string[]): Promise<Exported> {
  const texts = await Promise.all(
    targets.map(async (target) => (await fetch(`http://${target}/metrics`)).text()),
  );
  const samples = new Map<string, Map<string, Set<string>>>();
  for (const [, name = '', braces = ''] of texts.join('\n').matchAll(/^(\w+)(\{.*\})? \S+$/gm)) {
    const labels = samples.get(name) ?? new Map<string, Set<string>>();
    samples.set(name, labels);
    for (const [, label = '', value = ''] of braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels.set(label, (labels.get(label) ?? new Set<string>()).add(value));
  }
  return samples;
}
