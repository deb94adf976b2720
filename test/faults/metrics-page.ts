/** One scrape of `/metrics`. */
export interface MetricsPage {
  /** The sum over every series of that name whose labels include these; 0 where there is none. */
  readonly sum: (name: string, labels?: Readonly<Record<string, string>>) => number;
  /** False where the name with these labels has no series. */
  readonly has: (name: string, labels?: Readonly<Record<string, string>>) => boolean;
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function metricsPage(text: string): MetricsPage {
  const samples = text.split('\n').flatMap(sampleIn);
  const matching = (name: string, labels: Readonly<Record<string, string>>) =>
    samples.filter(
      (one) =>
        one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    );
  return {
    sum: (name, labels = {}) => matching(name, labels).reduce((total, { value }) => total + value, 0),
    has: (name, labels = {}) => matching(name, labels).length > 0,
  };
}

function sampleIn(line: string): readonly Sample[] {
  const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (parts === null) return [];
  const [, name = '', inside = '', value = ''] = parts;
  const labels = Object.fromEntries(
    [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]),
  );
  return [{ name, labels, value: Number(value) }];
}
