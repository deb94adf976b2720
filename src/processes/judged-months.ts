import { UsageError } from '../errors/usage-error.ts';
import { monthlyOrigins } from '../training/walk-forward.ts';
import type { Origin } from '../training/walk-forward.ts';
import { textFlag } from './learning-flags.ts';
import type { Flags } from './learning-flags.ts';

/** The months that `--origins` names. @throws UsageError when one cannot be read. */
export function judgedMonths(flags: Flags, toMs: number, horizonMs: number): Origin[] {
  const text = textFlag(flags, 'origins') ?? '4';
  if (/^\d{1,3}$/.test(text)) return monthlyOrigins(toMs, horizonMs, Number(text));
  return text.split(',').map((month) => {
    const [, year, number] = /^(\d{4})-(\d\d)$/.exec(month.trim()) ?? [];
    if (year === undefined || number === undefined)
      throw new UsageError([`--origins takes months such as 2023-10, or a count, not "${month}"`]);
    return {
      fromMs: Date.UTC(Number(year), Number(number) - 1, 1),
      toMs: Math.min(Date.UTC(Number(year), Number(number), 1), toMs),
    };
  });
}
