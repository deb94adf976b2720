import { DocumentRefused } from '../../errors/document-refused.ts';
import { priceChangesOf } from '../../formats/price-changes.ts';
import { staticIntelligenceOf, type StaticIntelligence } from '../../formats/static-intelligence-document.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { DocumentStore } from '../../ports/document-store.ts';
import type { RefreshResult } from './refresh-loop.ts';

export interface StaticFile {
  readonly store: DocumentStore;
  readonly path: string;
}

/** The static intelligence file as last read without mistakes, with the price changes that it names. */
export interface StaticFileReader {
  readonly current: () => StaticIntelligence | undefined;
  /** The changes of Spot prices that led up to the file's own; empty where it names none. Zones are as the file writes them. */
  readonly priceChanges: () => readonly PriceSeries[];
  /** @throws DocumentRefused while a file has mistakes, what the store says while it cannot be read. */
  readonly refresh: (signal: AbortSignal) => Promise<RefreshResult>;
}

interface Read {
  readonly facts: StaticIntelligence;
  readonly notes: readonly string[];
  readonly priceChanges: readonly PriceSeries[];
}

export function staticFileReader(
  file: StaticFile,
  onNotes: (notes: readonly string[]) => void,
): StaticFileReader {
  let read: Read | undefined;
  let version: string | undefined;
  let refusal: DocumentRefused | undefined;

  async function readingOf(bytes: Uint8Array, signal: AbortSignal): Promise<Read> {
    const reading = staticIntelligenceOf(new TextDecoder().decode(bytes));
    if (reading.kind === 'mistakes') throw new DocumentRefused(file.path, reading.mistakes);
    const { facts, notes } = reading;
    return { facts, notes, priceChanges: await priceChangesBeside(file, facts, signal) };
  }

  return {
    current: () => read?.facts,
    priceChanges: () => read?.priceChanges ?? [],
    async refresh(signal) {
      const document = await file.store.readIfChanged(file.path, version, signal);
      if (document.kind === 'unchanged') {
        version = document.version;
        if (refusal !== undefined) throw refusal;
        return 'unchanged';
      }
      try {
        const whole = await readingOf(document.bytes, signal);
        version = document.version;
        refusal = undefined;
        read = whole;
        if (whole.notes.length > 0) onNotes(whole.notes);
        return 'changed';
      } catch (error) {
        // What has mistakes is not read again until it changes; what could not be read is.
        if (error instanceof DocumentRefused) [version, refusal] = [document.version, error];
        throw error;
      }
    },
  };
}

async function priceChangesBeside(
  { path, store }: StaticFile,
  { priceChanges, region }: StaticIntelligence,
  signal: AbortSignal,
): Promise<readonly PriceSeries[]> {
  if (priceChanges === undefined) return [];
  const beside = `${path.slice(0, path.lastIndexOf('/') + 1)}${priceChanges}`;
  const document = await store.readIfChanged(beside, undefined, signal);
  if (document.kind === 'unchanged') throw new Error(`${beside} is said to be unchanged but was never read.`);
  const reading = priceChangesOf(document.bytes, region);
  if (reading.kind === 'mistakes') throw new DocumentRefused(beside, reading.mistakes);
  return reading.series;
}
