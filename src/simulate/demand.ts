import { CsvScanner, fieldText } from '../history/csv-scanner.ts';
import { timeOfText } from '../history/price-text.ts';
import { UsageError } from '../errors/usage-error.ts';
import { chanceFrom } from '../learning/chance.ts';

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

/** What the generated pods look like: [share, CPU thousandths, MiB]. */
const shapes: readonly (readonly [share: number, cpuMilli: number, memoryMib: number])[] = [
  [0.35, 500, 600],
  [0.2, 250, 1024],
  [0.1, 250, 3072],
  [0.2, 1500, 2048],
  [0.1, 2000, 8192],
  [0.05, 3500, 6144],
];

export interface DemandSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Mean number of batches a day. */
  readonly batchesPerDay: number;
}

/**
 * Batches at random moments, twice as dense by day (UTC 8–20) as by night; 1 to 60 pods (log-normal, median 8), running
 * 15 minutes to 72 hours (log-normal, median 5 hours).
 */
export function generatedDemand(
  seed: number,
  { fromMs, toMs, batchesPerDay }: DemandSpan,
): readonly PodBatch[] {
  const chance = chanceFrom(seed);
  const batches: PodBatch[] = [];
  const densest = (batchesPerDay * 4) / 3;
  let atMs = fromMs;
  for (;;) {
    atMs += (-Math.log(1 - chance()) / densest) * 24 * hourMs;
    if (atMs >= toMs) return batches;
    const hour = new Date(atMs).getUTCHours();
    if ((hour < 8 || hour >= 20) && chance() < 0.5) continue;
    const [, cpuMilli, memoryMib] = shapeAt(chance());
    const pods = Math.min(60, Math.max(1, Math.round(8 * Math.exp(normal(chance)))));
    const hours = Math.min(72, Math.max(0.25, 5 * Math.exp(1.1 * normal(chance))));
    batches.push({ atMs, pods, cpuMilli, memoryMib, hours });
  }
}

function shapeAt(chance: number): readonly [number, number, number] {
  let left = chance;
  for (const shape of shapes) {
    left -= shape[0];
    if (left < 0) return shape;
  }
  return shapes[0] ?? [1, 500, 600];
}

/** Box and Muller's way from two even numbers to a normal one. */
function normal(chance: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}

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
    if (!(pods >= 1 && cpuMilli > 0 && memoryMib > 0 && hours > 0) || Number.isNaN(atMs)) {
      if (mistakes.length < 10) mistakes.push(`${path}, row ${line}: needs a time and numbers above 0`);
    } else batches.push({ atMs, pods: Math.floor(pods), cpuMilli, memoryMib, hours });
  });
  scanner.push(Buffer.from(text));
  scanner.end();
  if (mistakes.length === 0 && batches.length === 0) mistakes.push(`${path}: no rows`);
  if (mistakes.length > 0) throw new UsageError(mistakes);
  return batches.sort((a, b) => a.atMs - b.atMs);
}
