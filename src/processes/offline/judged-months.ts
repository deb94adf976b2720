import { UsageError } from '../../errors/usage-error.ts';
import { monthlyOrigins } from '../../offline/training/walk-forward.ts';
import type { Origin } from '../../offline/training/walk-forward.ts';

/** The months of a history that ends at `toMs`. */
export type JudgedMonths = (toMs: number, horizonMs: number) => Origin[];

/** The months that `--origins` names or counts. @throws UsageError when one cannot be read. */
export function judgedMonths(text: string): JudgedMonths {
  if (/^\d{1,3}$/.test(text)) return (toMs, horizonMs) => monthlyOrigins(toMs, horizonMs, Number(text));
  const starts = text.split(',').map((month) => {
    const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month.trim()) ?? [];
    if (year === undefined || number === undefined)
      throw new UsageError([`--origins takes months such as 2023-10, or a count, not "${month}"`]);
    return { year: Number(year), index: Number(number) - 1 };
  });
  return (toMs) =>
    starts.map(({ year, index }) => ({
      fromMs: Date.UTC(year, index, 1),
      toMs: Math.min(Date.UTC(year, index + 1, 1), toMs),
    }));
}
