import { z } from 'zod';
import type { BandsByRegion } from '../learning/shrunk-bands.ts';
import { interruptRateOfCode } from './advisor-bands.ts';

/** What the Spot Advisor says of one type in one region over the trailing month. */
export interface AdvisorEntry {
  readonly instanceType: string;
  /** 0..4. */
  readonly code: number;
  /** 0..1, the middle of the band. */
  readonly interruptRate: number;
  /** Percent below on-demand; negative where Spot cost more. */
  readonly savingsPercent: number | undefined;
}

export interface AdvisorReading {
  readonly entries: readonly AdvisorEntry[];
  /** Types whose entry could not be read. */
  readonly unreadable: number;
}

const documentSchema = z.looseObject({
  spot_advisor: z.record(z.string(), z.looseObject({ Linux: z.record(z.string(), z.unknown()).optional() })),
});
const entrySchema = z.looseObject({ r: z.int().min(0).max(4), s: z.number().optional() });

/**
 * The Linux entries of a region in the Spot Advisor's published document. Bands 0..4 (<5, 5–10, 10–15, 15–20, >20 %) stand
 * for 0.025, 0.075, 0.125, 0.175 and 0.25.
 * @throws Error with a sentence when the text is not that document or the region is not in it.
 */
export function advisorEntries(text: string, region: string): AdvisorReading {
  const parsed = documentSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error('the document has no section spot_advisor: it is not the Spot Advisor’s');
  const types = parsed.data.spot_advisor[region]?.Linux;
  if (types === undefined || Object.keys(types).length === 0)
    throw new Error(`the document says nothing of Linux in ${region}`);
  const entries: AdvisorEntry[] = [];
  let unreadable = 0;
  for (const [instanceType, value] of Object.entries(types)) {
    const entry = entrySchema.safeParse(value);
    const rate = entry.success ? interruptRateOfCode(entry.data.r) : undefined;
    if (!entry.success || rate === undefined) unreadable += 1;
    else
      entries.push({ instanceType, code: entry.data.r, interruptRate: rate, savingsPercent: entry.data.s });
  }
  return { entries, unreadable };
}

/**
 * The Linux bands of every region in the document; entries that cannot be read are left out.
 * @throws Error with a sentence when the text is not that document.
 */
export function bandsByRegion(text: string): BandsByRegion {
  const parsed = documentSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error('the document has no section spot_advisor: it is not the Spot Advisor’s');
  const found = new Map<string, ReadonlyMap<string, number>>();
  for (const [region, { Linux: types }] of Object.entries(parsed.data.spot_advisor)) {
    const bands = new Map<string, number>();
    for (const [instanceType, value] of Object.entries(types ?? {})) {
      const entry = entrySchema.safeParse(value);
      if (entry.success) bands.set(instanceType, entry.data.r);
    }
    if (bands.size > 0) found.set(region, bands);
  }
  return found;
}
