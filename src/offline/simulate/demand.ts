import { CsvScanner, fieldText } from '../../formats/csv-scanner.ts';
import { timeOfText } from '../../formats/price-text.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { chanceFrom } from '../../learning/chance.ts';
import { drawnNormal } from './drawn-normal.ts';

const hourMs = 3_600_000;

/** Equal pods that begin to wait at one moment. */
export interface PodBatch {
  readonly atMs: number;
  readonly pods: number;
  readonly cpuMilli: number;
  readonly memoryMib: number;
  /** How long each pod runs. */
  readonly hours: number;
}

type Share = readonly [share: number, cpuMilli: number, memoryMib: number];

const usualPods: readonly Share[] = [
  [0.35, 500, 600],
  [0.2, 250, 1024],
  [0.1, 250, 3072],
  [0.2, 1500, 2048],
  [0.1, 2000, 8192],
  [0.05, 3500, 6144],
];

interface DemandKind {
  /** What the pods look like. */
  readonly pods: readonly Share[];
  readonly medianPods: number;
  readonly medianHours: number;
  /** Of the batches a day that are asked for. */
  readonly density: number;
}

const usual: DemandKind = { pods: usualPods, medianPods: 8, medianHours: 5, density: 1 };

/** Kinds of generated demand: `usual`, and others that differ from it in one thing each. */
export const demandKinds = {
  usual,
  small: {
    ...usual,
    pods: [
      [0.5, 100, 256],
      [0.3, 250, 512],
      [0.2, 500, 1024],
    ],
  },
  large: {
    ...usual,
    pods: [
      [0.4, 3000, 6144],
      [0.4, 6000, 16_384],
      [0.2, 12_000, 24_576],
    ],
    medianPods: 3,
  },
  memory: {
    ...usual,
    pods: [
      [0.4, 500, 4096],
      [0.3, 1000, 8192],
      [0.3, 2000, 12_288],
    ],
  },
  cpu: {
    ...usual,
    pods: [
      [0.4, 500, 256],
      [0.3, 1000, 512],
      [0.3, 2000, 2048],
    ],
  },
  short: { ...usual, medianHours: 0.7, density: 2 },
  long: { ...usual, medianHours: 24, density: 1 / 3 },
  sparse: { ...usual, medianPods: 2, density: 1 / 4 },
} as const satisfies Readonly<Record<string, DemandKind>>;

export interface DemandSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Mean number of batches a day. */
  readonly batchesPerDay: number;
  readonly kind?: keyof typeof demandKinds;
}

/**
 * Batches at random moments, twice as dense by day (UTC 8–20) as by night; 1 to 60 pods (log-normal, median 8), running
 * 15 minutes to 72 hours (log-normal, median 5 hours). Other kinds differ as `demandKinds` says.
 */
export function generatedDemand(
  seed: number,
  { fromMs, toMs, batchesPerDay, kind = 'usual' }: DemandSpan,
): readonly PodBatch[] {
  const { pods: shapes, medianPods, medianHours, density } = demandKinds[kind];
  const chance = chanceFrom(seed);
  const batches: PodBatch[] = [];
  const densest = (batchesPerDay * density * 4) / 3;
  let atMs = fromMs;
  for (;;) {
    atMs += (-Math.log(1 - chance()) / densest) * 24 * hourMs;
    if (atMs >= toMs) return batches;
    const hour = new Date(atMs).getUTCHours();
    if ((hour < 8 || hour >= 20) && chance() < 0.5) continue;
    const [, cpuMilli, memoryMib] = shapeAt(shapes, chance());
    const pods = Math.min(60, Math.max(1, Math.round(medianPods * Math.exp(drawnNormal(chance)))));
    const hours = Math.min(72, Math.max(0.25, medianHours * Math.exp(1.1 * drawnNormal(chance))));
    batches.push({ atMs, pods, cpuMilli, memoryMib, hours });
  }
}

function shapeAt(shapes: readonly Share[], chance: number): readonly [number, number, number] {
  let left = chance;
  for (const shape of shapes) {
    left -= shape[0];
    if (left < 0) return shape;
  }
  return shapes[0] ?? [1, 500, 600];
}

/** A batch of more would be packed for minutes. */
const mostPods = 10_000;

/**
 * Reads a demand file: CSV with columns time, pods, cpu_milli, memory_mib, hours, in any order.
 * @throws UsageError with every row that cannot be read.
 */
export function demandOf(text: string, path: string): readonly PodBatch[] {
  const names = ['time', 'pods', 'cpu_milli', 'memory_mib', 'hours'] as const;
  let header: readonly string[] | undefined;
  let line = 0;
  const batches: PodBatch[] = [];
  const mistakes: string[] = [];
  const scanner = new CsvScanner((row) => {
    line += 1;
    if (header === undefined) {
      header = Array.from({ length: row.count }, (_, field) => fieldText(row, field));
      const missing = names.filter((name) => header?.includes(name) === false);
      if (missing.length > 0) mistakes.push(`${path}: no column for ${missing.join(', ')}`);
      return;
    }
    const field = (name: string): string => fieldText(row, header?.indexOf(name) ?? -1);
    const atMs = timeOfText(field('time'));
    const [pods, cpuMilli, memoryMib, hours] = names.slice(1).map((name) => Number(field(name)));
    if (pods === undefined || cpuMilli === undefined || memoryMib === undefined || hours === undefined)
      return;
    const isSound = [pods - 1, cpuMilli, memoryMib, hours].every(
      (value, index) => (index === 0 ? value >= 0 : value > 0) && Number.isFinite(value),
    );
    if (!isSound || Number.isNaN(atMs)) {
      if (mistakes.length < 10) mistakes.push(`${path}, row ${line}: needs a time and numbers above 0`);
    } else if (pods > mostPods) {
      if (mistakes.length < 10) mistakes.push(`${path}, row ${line}: more than ${mostPods} pods at once`);
    } else batches.push({ atMs, pods: Math.floor(pods), cpuMilli, memoryMib, hours });
  });
  scanner.push(Buffer.from(text));
  scanner.end();
  if (mistakes.length === 0 && batches.length === 0)
    mistakes.push(
      `${path}: no rows; it needs a header (${names.join(', ')}) and one row for each batch of pods`,
    );
  if (mistakes.length > 0) throw new UsageError(mistakes);
  return batches.sort((a, b) => a.atMs - b.atMs);
}
