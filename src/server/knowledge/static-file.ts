import { gunzipSync } from 'node:zlib';
import { DocumentRefused } from '../../errors/document-refused.ts';
import { messageOf } from '../../errors/message-of.ts';
import { priceChangesOf } from '../../formats/price-changes.ts';
import { regionFactsBegin, regionFactsOf } from '../../formats/region-facts.ts';
import {
  staticIntelligenceOf,
  type StaticIntelligence,
  type StaticReading,
} from '../../formats/static-intelligence-document.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { Documents } from '../../ports/documents.ts';
import { requiredDocument } from './required-document.ts';
import type { RefreshResult } from './refresh-loop.ts';

export interface StaticFile {
  readonly store: Documents;
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

/** As much as is read of a file that is not packed. */
const mostUnpackedBytes = 256 << 20;

interface Read {
  readonly facts: StaticIntelligence;
  readonly notes: readonly string[];
  readonly priceChanges: readonly PriceSeries[];
}

export function staticFileReader(
  file: StaticFile,
  /** Whose facts are taken of a table of all regions. */
  region: string,
  onNotes: (notes: readonly string[]) => void,
): StaticFileReader {
  let read: Read | undefined;
  let version: string | undefined;
  let refusal: DocumentRefused | undefined;

  async function readingOf(bytes: Uint8Array, signal: AbortSignal): Promise<Read> {
    const reading = staticReading(bytes, region);
    if (reading.kind === 'mistakes') throw new DocumentRefused(file.path, reading.mistakes);
    const { facts, notes } = reading;
    return { facts, notes, priceChanges: await priceChangesBeside(file, facts, signal) };
  }

  return {
    current: () => read?.facts,
    priceChanges: () => read?.priceChanges ?? [],
    async refresh(signal) {
      const document = await requiredDocument(file.store, file.path, version, signal);
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

/** Static intelligence as JSON, or a table of all regions; plain or gzip, as the first bytes tell. */
function staticReading(file: Uint8Array, region: string): StaticReading {
  let bytes = file;
  try {
    if (file[0] === 0x1f && file[1] === 0x8b)
      bytes = gunzipSync(file, { maxOutputLength: mostUnpackedBytes });
  } catch (error) {
    return { kind: 'mistakes', mistakes: [`cannot be unpacked: ${messageOf(error)}`] };
  }
  const begin = new TextDecoder('latin1').decode(bytes.subarray(0, regionFactsBegin.length));
  return begin === regionFactsBegin
    ? regionFactsOf(bytes, region)
    : staticIntelligenceOf(new TextDecoder().decode(bytes));
}

async function priceChangesBeside(
  { path, store }: StaticFile,
  { priceChanges, region }: StaticIntelligence,
  signal: AbortSignal,
): Promise<readonly PriceSeries[]> {
  if (priceChanges === undefined) return [];
  const beside = `${path.slice(0, path.lastIndexOf('/') + 1)}${priceChanges}`;
  const document = await requiredDocument(store, beside, undefined, signal);
  if (document.kind === 'unchanged') throw new Error(`${beside} is said to be unchanged but was never read.`);
  const reading = priceChangesOf(document.bytes, region);
  if (reading.kind === 'mistakes') throw new DocumentRefused(beside, reading.mistakes);
  return reading.series;
}
