import { DocumentRefused } from '../../errors/document-refused.ts';
import type { DocumentStore } from '../../ports/document-store.ts';
import type { RefreshResult } from './refresh-loop.ts';
import { staticIntelligenceOf, type StaticIntelligence } from '../../formats/static-intelligence-document.ts';

export interface StaticFile {
  readonly store: DocumentStore;
  readonly path: string;
}

/** The static intelligence file as last read without mistakes. */
export interface StaticFileReader {
  readonly current: () => StaticIntelligence | undefined;
  /** @throws DocumentRefused while the file has mistakes, what the store says while it cannot be read. */
  readonly refresh: (signal: AbortSignal) => Promise<RefreshResult>;
}

export function staticFileReader(
  file: StaticFile,
  onNotes: (notes: readonly string[]) => void,
): StaticFileReader {
  let facts: StaticIntelligence | undefined;
  let version: string | undefined;
  let refusal: DocumentRefused | undefined;
  return {
    current: () => facts,
    async refresh(signal) {
      const document = await file.store.readIfChanged(file.path, version, signal);
      version = document.version;
      if (document.kind === 'unchanged') {
        if (refusal !== undefined) throw refusal;
        return 'unchanged';
      }
      const reading = staticIntelligenceOf(new TextDecoder().decode(document.bytes));
      if (reading.kind === 'mistakes') {
        refusal = new DocumentRefused(file.path, reading.mistakes);
        throw refusal;
      }
      refusal = undefined;
      facts = reading.facts;
      if (reading.notes.length > 0) onNotes(reading.notes);
      return 'changed';
    },
  };
}
